import Configuration
import Foundation
import Synchronization
import Testing
import Transport
import TurnStore

@testable import CallControl

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

@Suite struct `Recording routes` {
    private let wav = RecordingRig.wav()

    @Test func `S66 clients are told to come back while it is prepared, then all get all of it`() async throws {
        let wav = wav
        let gate = HostileServer.Gate()
        let rig = try RecordingRig { _, _ in
            [.answer(200, body: Array(wav[..<20_000]), length: wav.count), .wait(gate), .send(Array(wav[20_000...]))]
        }
        try rig.enqueue()
        let door = try Door(rig)
        for _ in 0..<50 {
            let (_, response) = try await door.get()
            #expect(response.statusCode == 202 && response.value(forHTTPHeaderField: "Retry-After") == "1")
        }
        gate.open()
        try await rig.eventually { rig.recordings.counters[.downloaded] == 1 }
        try await withThrowingTaskGroup(of: (Data, HTTPURLResponse).self) { group in
            for _ in 0..<50 { group.addTask { try await door.get() } }
            for try await (data, response) in group { #expect(response.statusCode == 200 && Array(data) == wav) }
        }
        #expect(rig.server.requests.count == 1)
    }

    @Test(arguments: [
        ("bytes=0-0", 0..<1), ("bytes=100-199", 100..<200), ("bytes=40000-", 40_000..<40_044),
        ("bytes=-44", 40_000..<40_044), ("bytes=100-999999", 100..<40_044), ("bytes=-999999", 0..<40_044),
    ])
    func `a part is answered with 206 and its place`(range: String, expected: Range<Int>) async throws {
        let (rig, door) = try await served()
        let (data, response) = try await door.get(["Range": range])
        #expect(response.statusCode == 206)
        #expect(Array(data) == Array(wav[expected]))
        #expect(
            response.value(forHTTPHeaderField: "Content-Range")
                == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(wav.count)")
        withExtendedLifetime(rig) {}
    }

    @Test(arguments: ["bytes=40044-", "bytes=99999-100000", "bytes=-0"])
    func `a part that does not exist is answered with 416`(range: String) async throws {
        let (rig, door) = try await served()
        let (_, response) = try await door.get(["Range": range])
        #expect(response.statusCode == 416)
        #expect(response.value(forHTTPHeaderField: "Content-Range") == "bytes */\(wav.count)")
        withExtendedLifetime(rig) {}
    }

    @Test(arguments: ["bytes=", "bytes=5-2", "bytes=1-2,5-6", "items=0-1", "bytes=a-b", "bytes=0-99999999999999999999"])
    func `what is no range is answered whole`(range: String) async throws {
        let (rig, door) = try await served()
        let (data, response) = try await door.get(["Range": range])
        #expect(response.statusCode == 200 && Array(data) == wav)
        withExtendedLifetime(rig) {}
    }

    @Test func `tags, HEAD, formats and methods`() async throws {
        let (rig, door) = try await served()
        let (_, whole) = try await door.get()
        let tag = try #require(whole.value(forHTTPHeaderField: "ETag"))
        #expect(whole.value(forHTTPHeaderField: "Content-Type") == "audio/wav")
        #expect(whole.value(forHTTPHeaderField: "Accept-Ranges") == "bytes")
        #expect(try await door.get(["If-None-Match": tag]).1.statusCode == 304)
        #expect(try await door.get(["Range": "bytes=0-1", "If-Range": tag]).1.statusCode == 206)
        #expect(try await door.get(["Range": "bytes=0-1", "If-Range": "\"other\""]).1.statusCode == 200)
        let (nothing, head) = try await door.get(method: "HEAD")
        #expect(head.statusCode == 200 && nothing.isEmpty)
        #expect(head.value(forHTTPHeaderField: "Content-Length") == "\(wav.count)")
        #expect(try await door.get(query: "?format=wav").1.statusCode == 200)
        #expect(try await door.get(query: "?format=opus").1.statusCode == 404)
        #expect(try await door.get(query: "?format=mp3").1.statusCode == 400)
        #expect(try await door.get(method: "POST").1.statusCode == 405)
        #expect(try await door.get(call: "CAnobody").1.statusCode == 404)
        withExtendedLifetime(rig) {}
    }

    @Test func `what was removed is gone, what was never made is not found, what cannot be had says why`() async throws
    {
        let (rig, door) = try await served()
        try FileManager.default.removeItem(atPath: "\(rig.directory)/files/\(callID).\(recordingID).wav")
        #expect(try await door.get().1.statusCode == 410)
        let refusing = try RecordingRig { _, _ in [.answer(401)] }
        let other = try Door(refusing)
        // Nobody records calls there, and the call was not.
        #expect(try await other.get().1.statusCode == 404)
        try refusing.enqueue()
        let worker = Worker(refusing)
        worker.step()
        try await refusing.eventually { refusing.job?.state == .dead }
        let (said, response) = try await other.get()
        #expect(response.statusCode == 502 && String(decoding: said, as: UTF8.self).contains("unauthorized"))
    }

    @Test func `a call that is recorded and still up will have one`() async throws {
        let rig = try RecordingRig { _, _ in [] }
        let door = try Door(rig, records: true)
        #expect(try await door.get().1.statusCode == 202)
        withExtendedLifetime(rig) {}
    }

    /// A recording that is there.
    private func served() async throws -> (RecordingRig, Door) {
        let wav = wav
        let rig = try RecordingRig { request, _ in [.file(wav, to: request)] }
        #expect(rig.isReady(await rig.fetch(), wav))
        return (rig, try Door(rig))
    }
}

/// The admin listener with the routes of recordings, asked over real sockets.
private final class Door: Sendable {
    private let listener: Listener
    private static let loop = Result {
        let loop = try EventLoop(name: "recording-routes")
        loop.start()
        return loop
    }

    init(_ rig: RecordingRig, records: Bool = false) throws {
        let time = rig.time
        let routes = RecordingRoutes(
            store: rig.store, recordings: rig.recordings, records: { _ in records }, clock: { time.now })
        let admin = AdminService(
            listener: .init(), reader: rig.store.reader, metrics: { "" }, readiness: { .init(isReady: true) },
            routes: [routes])
        listener = try Listener(ListenerOptions(), loops: [try Self.loop.get()], service: admin)
    }

    deinit { listener.close() }

    func get(
        _ headers: [String: String] = [:], method: String = "GET", call: String = callID, query: String = ""
    ) async throws -> (Data, HTTPURLResponse) {
        let url = try #require(URL(string: "http://127.0.0.1:\(listener.port)/api/v1/calls/\(call)/recording\(query)"))
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.cachePolicy = .reloadIgnoringLocalCacheData
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await URLSession.shared.data(for: request)
        return (data, try #require(response as? HTTPURLResponse))
    }
}
