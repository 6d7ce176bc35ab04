import Foundation
import Testing
import TurnStore

@testable import CallControl

@Suite struct `Recording download` {
    private let wav = RecordingRig.wav()

    @Test
    func `S67 not yet, then there: nothing is kept of the first answer, and the second is asked for after a pause`()
        async throws
    {
        let wav = wav
        let rig = try RecordingRig { request, place in
            place == 0 ? [.answer(404, body: Array("{}".utf8))] : [.file(wav, to: request)]
        }
        #expect(await rig.failure() == .notYet)
        #expect(rig.files.isEmpty)
        // Whoever asks at once is told so, and the carrier is not asked again.
        #expect(await rig.failure() == .notYet)
        #expect(rig.server.requests.count == 1 && rig.recordings.counters[.cooling] == 1)
        rig.time.advance(2_001)
        #expect(rig.isReady(await rig.fetch(), wav))
        #expect(rig.files == ["\(callID).\(recordingID).wav"])
        #expect(rig.server.requests[1].target == "/Recordings/\(recordingID).wav?RequestedChannels=2")
        #expect(
            rig.server.requests[1]["Authorization"] == "Basic \(Data("\(account):secret".utf8).base64EncodedString())")
    }

    @Test func `S67 not found long after the call is gone, and 410 always`() async throws {
        let rig = try RecordingRig { _, place in [.answer(place == 0 ? 404 : 410)] }
        var old = rig.order
        old.madeAtUnixMilliseconds -= 600_001
        #expect(await rig.recordings.fetch(old) == .failed(.gone, retryMilliseconds: nil))
        #expect(await rig.fetch() == .failed(.gone, retryMilliseconds: nil))
    }

    @Test(arguments: [401, 403])
    func `S67 refused credentials are final and told`(status: Int) async throws {
        let rig = try RecordingRig { _, _ in [.answer(status)] }
        #expect(await rig.fetch() == .failed(.unauthorized, retryMilliseconds: nil))
        #expect(rig.server.requests.count == 1 && rig.recordings.counters[RecordingFailure.unauthorized] == 1)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `S67 a redirect to another host is followed without credentials`(status: Int) async throws {
        let wav = wav
        let other = HostileServer { request, _ in [.file(wav, to: request)] }
        defer { other.stop() }
        let elsewhere = "\(other.url)/bucket/x?signature=1"
        let rig = try RecordingRig(trusting: [other.url]) { _, _ in
            [.answer(status, ["Location: \(elsewhere)"])]
        }
        #expect(rig.isReady(await rig.fetch(), wav))
        #expect(rig.server.requests.first?["Authorization"] != nil)
        #expect(other.requests.count == 1)
        #expect(other.requests.first?["Authorization"] == nil)
        #expect(other.requests.first?.target == "/bucket/x?signature=1")
    }

    @Test func `S67 a redirect to a host that recordings never come from is refused, and that host hears nothing`()
        async throws
    {
        let other = HostileServer { _, _ in [.answer(200)] }
        defer { other.stop() }
        let elsewhere = other.url
        let rig = try RecordingRig { _, _ in [.answer(302, ["Location: \(elsewhere)/latest/meta-data"])] }
        #expect(await rig.fetch() == .failed(.hostNotAllowed, retryMilliseconds: nil))
        #expect(other.requests.isEmpty && rig.files.isEmpty)
    }

    @Test func `S67 redirects in a circle end`() async throws {
        let rig = try RecordingRig { request, _ in [.answer(302, ["Location: \(request.target)"])] }
        #expect(await rig.fetch() == .failed(.tooManyRedirects, retryMilliseconds: nil))
        #expect(rig.server.requests.count == 4)
    }

    @Test func `S67 a download that broke off goes on where it was`() async throws {
        let wav = wav
        let rig = try RecordingRig { request, place in
            switch place {
            case 0: [.answer(200, ["ETag: \"one\""], body: Array(wav[..<10_000]), length: wav.count)]
            case 1:
                [
                    .answer(
                        206, ["ETag: \"one\"", "Content-Range: bytes 10000-\(wav.count - 1)/\(wav.count)"],
                        body: Array(wav[10_000..<25_000]), length: wav.count - 10_000)
                ]
            default: [.file(wav, to: request)]
            }
        }
        #expect(rig.isReady(await rig.fetch(), wav))
        #expect(rig.server.requests.map { $0["Range"] } == [nil, "bytes=10000-", "bytes=25000-"])
        #expect(rig.server.requests.map { $0["If-Range"] } == [nil, "\"one\"", "\"one\""])
        #expect(rig.recordings.counters[.retried] == 2 && rig.recordings.counters[.resumed] == 2)
    }

    @Test func `S67 a recording that changed meanwhile is fetched from its beginning`() async throws {
        let (wav, other) = (wav, RecordingRig.wav(50_000))
        let rig = try RecordingRig { request, place in
            place == 0
                ? [.answer(200, ["ETag: \"one\""], body: Array(wav[..<10_000]), length: wav.count)]
                : [.file(other, tag: "\"two\"", to: request)]
        }
        #expect(rig.isReady(await rig.fetch(), other))
    }

    @Test func `S67 without a strong tag nothing is pieced together`() async throws {
        let wav = wav
        let rig = try RecordingRig { _, place in
            [.answer(200, ["ETag: W/\"one\""], body: place == 0 ? Array(wav[..<10_000]) : wav, length: wav.count)]
        }
        #expect(rig.isReady(await rig.fetch(), wav))
        #expect(rig.server.requests.map { $0["Range"] } == [nil, nil])
    }

    @Test func `S67 always truncated: tried four times, then later, and never served`() async throws {
        let wav = wav
        let rig = try RecordingRig { _, _ in [.answer(200, body: Array(wav[..<10_000]), length: wav.count)] }
        #expect(await rig.failure() == .truncated)
        #expect(rig.server.requests.count == 4 && rig.files.isEmpty)
    }

    @Test func `S67 a WAV file shorter than it says is truncated, whatever the header said`() async throws {
        let short = Array(wav[..<10_000])
        let rig = try RecordingRig { _, _ in [.answer(200, body: short)] }
        #expect(await rig.failure() == .truncated)
    }

    @Test func `S67 nothing at all is tried again later`() async throws {
        let rig = try RecordingRig { _, _ in [.answer(200, ["Content-Type: audio/x-wav"])] }
        #expect(await rig.fetch() == .failed(.empty, retryMilliseconds: 2_000))
        #expect(rig.files.isEmpty)
    }

    @Test func `S67 something else under the name of a sound is refused at its first bytes`() async throws {
        let page = Array("<!DOCTYPE html><title>Sign in</title>".utf8)
        let rig = try RecordingRig { _, _ in
            [.answer(200, ["Content-Type: audio/x-wav"], body: page, length: 50_000_000), .hang]
        }
        #expect(await rig.fetch() == .failed(.wrongType, retryMilliseconds: nil))
        #expect(rig.files.isEmpty)
    }

    @Test func `S67 a host that says nothing, or a byte now and then, is left`() async throws {
        let wav = wav
        let rig = try RecordingRig {
            $0.limits.stallMilliseconds = 2_000
            $0.limits.patienceMilliseconds = 3_000
            $0.limits.tries = 2
        } _: { _, place in
            place == 0
                ? [.answer(200, ["ETag: \"one\""], body: Array(wav[..<100]), length: wav.count), .hang]
                : [
                    .text("HTTP/1.1 206 x\r\nContent-Range: bytes 100-\(wav.count - 1)/\(wav.count)\r\n\r\n"),
                    .drip(Array(wav[100..<10_000]), milliseconds: 20),
                ]
        }
        #expect(await rig.failure() == .timedOut)
        #expect(rig.server.requests.count == 2)
        // What came is kept for the next time.
        #expect(rig.files == ["\(callID).\(recordingID).partial", "\(callID).\(recordingID).partial.tag"])
    }

    @Test func `S67 more than may come is not written to the end, announced or not`() async throws {
        let wav = wav
        for headers in [["Content-Length: 9999999999"], []] {
            let rig = try RecordingRig {
                $0.limits.maximumBytes = 20_000
            } _: { _, _ in
                [.text((["HTTP/1.1 200 OK"] + headers).joined(separator: "\r\n") + "\r\n\r\n"), .send(wav), .hang]
            }
            #expect(await rig.fetch() == .failed(.tooLarge, retryMilliseconds: nil))
            #expect(rig.files.isEmpty)
        }
    }

    @Test func `S67 chunks are joined, and broken ones refused`() async throws {
        let wav = wav
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        let rig = try RecordingRig { _, place in
            place == 0
                ? [.text(head + "zz\r\n"), .send(wav)]
                : [
                    .text(head + "3e8;name=value\r\n"), .send(Array(wav[..<1_000])),
                    .text("\r\n\(String(wav.count - 1_000, radix: 16))\r\n"), .send(Array(wav[1_000...])),
                    .text("\r\n0\r\n\r\n"),
                ]
        }
        #expect(await rig.failure() == .malformed)
        rig.time.advance(2_001)
        #expect(rig.isReady(await rig.fetch(), wav))
    }

    @Test func `a throttled request is not repeated before its time`() async throws {
        let rig = try RecordingRig { _, _ in [.answer(429, ["Retry-After: 90"])] }
        #expect(await rig.fetch() == .failed(.throttled, retryMilliseconds: 90_000))
        rig.time.advance(89_000)
        #expect(await rig.fetch() == .failed(.throttled, retryMilliseconds: 1_000))
        #expect(rig.server.requests.count == 1)
    }

    @Test func `a host that fails five times is left alone, then tried by one request`() async throws {
        let wav = wav
        let rig = try RecordingRig {
            $0.coolDownMilliseconds = 1
        } _: { request, place in
            place < 5 ? [.answer(500)] : [.file(wav, to: request)]
        }
        for _ in 0..<5 {
            #expect(await rig.failure() == .serverError)
            rig.time.advance(100)
        }
        #expect(await rig.failure() == .hostResting)
        #expect(rig.recordings.restingHosts == 1 && rig.server.requests.count == 5)
        rig.time.advance(31_000)
        #expect(rig.isReady(await rig.fetch(), wav))
        #expect(rig.recordings.restingHosts == 0)
    }

    @Test func `a part of a file is for its owner's eyes alone, and so is the whole`() async throws {
        let wav = wav
        let gate = HostileServer.Gate()
        let rig = try RecordingRig { _, _ in
            [.answer(200, body: Array(wav[..<10_000]), length: wav.count), .wait(gate), .send(Array(wav[10_000...]))]
        }
        async let outcome = rig.fetch()
        let base = "\(rig.directory)/files/\(callID).\(recordingID)"
        func mode(_ path: String) -> Int? {
            (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
        }
        try await rig.eventually { (PartialFile.size(of: base + ".partial") ?? 0) == 10_000 }
        #expect(mode(base + ".partial") == 0o600)
        #expect(PartialFile.size(of: base + ".wav") == nil)
        gate.open()
        #expect(rig.isReady(await outcome, wav))
        #expect(mode(base + ".wav") == 0o600)
        #expect(rig.files.count == 1)
    }

    @Test func `an erased call's recording is not brought back`() async throws {
        let wav = wav
        let rig = try RecordingRig { request, _ in [.file(wav, to: request)] }
        var order = rig.order
        order.call = "CA99999999999999999999999999999999"
        #expect(await rig.recordings.fetch(order) == .failed(.gone, retryMilliseconds: nil))
        #expect(rig.files.isEmpty)
        #expect(try rig.store.reader.call(order.call) == nil)
    }
}
