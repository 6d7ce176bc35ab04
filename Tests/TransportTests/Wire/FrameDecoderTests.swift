import AllocationProbe
import Testing

@testable import Transport

/// What a decoder made of a stream: events with their payloads as text.
private enum Seen: Equatable {
    case text(String), binary([UInt8]), ping(String), pong(String), close(UInt16?, String), violation(FrameViolation)
}

private func decode(
    _ stream: [UInt8], role: FrameDecoder.Role = .server, limit: Int = 1 << 20, fragments: Int? = nil, pieces: [Int]
) -> [Seen] {
    var decoder = FrameDecoder(role: role, maximumMessageBytes: limit, maximumFragments: fragments)
    var seen: [Seen] = []
    var rest = stream[...]
    for size in pieces + [stream.count] {
        var piece = Array(rest.prefix(size))
        rest = rest.dropFirst(size)
        unsafe piece.withUnsafeMutableBufferPointer { buffer in
            var input = unsafe buffer
            while true {
                let event = unsafe decoder.next(&input)
                let bytes = unsafe Array(decoder.payload)
                let text = String(decoding: bytes, as: UTF8.self)
                switch event {
                case .needsMore:
                    let isEmpty = input.isEmpty
                    #expect(isEmpty)
                    return
                case .text: seen.append(.text(text))
                case .binary: seen.append(.binary(bytes))
                case .ping: seen.append(.ping(text))
                case .pong: seen.append(.pong(text))
                case .close(let code): seen.append(.close(code, text))
                case .violation(let violation): seen.append(.violation(violation))
                }
            }
        }
    }
    return seen
}

private let key: UInt32 = 0x21_37_FA_3D

private func frame(
    _ opcode: FrameOpcode, _ payload: [UInt8], isFinal: Bool = true, key: UInt32? = key
) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: FrameEncoder.byteCount(payloadBytes: payload.count, isMasked: key != nil))
    let count = unsafe bytes.withUnsafeMutableBufferPointer {
        unsafe FrameEncoder.encode(opcode, isFinal: isFinal, payload: payload.span, maskKey: key, into: $0)
    }
    #expect(count == bytes.count)
    return bytes
}

private func frame(_ opcode: FrameOpcode, _ payload: String, isFinal: Bool = true, key: UInt32? = key) -> [UInt8] {
    frame(opcode, Array(payload.utf8), isFinal: isFinal, key: key)
}

/// A frame as raw bytes say it, unmasked by a key of zeros.
private func raw(_ first: UInt8, _ length: [UInt8], _ payload: [UInt8] = []) -> [UInt8] {
    [first, length[0] | 0x80] + length.dropFirst() + [0, 0, 0, 0] + payload
}

@Suite struct `Frame decoder` {
    /// Fragments, control frames between them, characters cut between fragments, an empty message, a close.
    private let sample: [UInt8] =
        frame(.text, "plain") + frame(.text, Array("שלו".utf8.prefix(3)), isFinal: false) + frame(.ping, "p1")
        + frame(.continuation, Array("שלום 🙂".utf8.dropFirst(3).prefix(8)), isFinal: false)
        + frame(.continuation, [], isFinal: false) + frame(.pong, "")
        + frame(.continuation, Array("שלום 🙂".utf8.dropFirst(11))) + frame(.text, "")
        + frame(.binary, [UInt8](0...199)) + frame(.close, [0x03, 0xE8] + Array("bye".utf8)) + [0xFF, 0xFF]
    private let expected: [Seen] = [
        .text("plain"), .ping("p1"), .pong(""), .text("שלום 🙂"), .text(""), .binary([UInt8](0...199)),
        .close(1000, "bye"),
    ]

    @Test func `gives the same events however the stream is cut in two`() {
        for cut in 0...sample.count { #expect(decode(sample, pieces: [cut]) == expected, "cut at \(cut)") }
    }

    @Test(arguments: [1, 2, 3, 5, 7, 8, 13])
    func `gives the same events in pieces of one size`(size: Int) {
        let pieces = [Int](repeating: size, count: sample.count / size)
        #expect(decode(sample, pieces: pieces) == expected)
    }

    @Test func `gives the same events in pieces of random sizes`() {
        var seed: UInt64 = 7
        for _ in 0..<300 {
            var pieces: [Int] = []
            while pieces.reduce(0, +) < sample.count {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1
                pieces.append(Int(seed >> 33) % 40)
            }
            #expect(decode(sample, pieces: pieces) == expected)
        }
    }

    @Test func `decodes the examples of RFC 6455 section 5 7`() {
        let hello: [UInt8] = [0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(decode([0x81, 0x05] + hello, role: .client, pieces: []) == [.text("Hello")])
        #expect(
            decode([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], pieces: []) == [.text("Hello")])
        #expect(
            decode([0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F], role: .client, pieces: []) == [
                .text("Hello")
            ])
        #expect(decode([0x89, 0x05] + hello, role: .client, pieces: []) == [.ping("Hello")])
        #expect(
            decode([0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], pieces: []) == [.pong("Hello")])
        let long = [UInt8](repeating: 0x61, count: 256), longer = [UInt8](repeating: 0x62, count: 65_536)
        #expect(decode([0x82, 0x7E, 0x01, 0x00] + long, role: .client, pieces: []) == [.binary(long)])
        #expect(
            decode([0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + longer, role: .client, pieces: []) == [.binary(longer)])
    }

    @Test(arguments: [0, 1, 124, 125, 126, 127, 65_535, 65_536, 70_000])
    func `carries every length form both ways`(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(decode(frame(.binary, payload), pieces: []) == [.binary(payload)])
        #expect(decode(frame(.binary, payload), pieces: [9, 100, 1_000]) == [.binary(payload)])
        #expect(decode(frame(.binary, payload, key: nil), role: .client, pieces: []) == [.binary(payload)])
    }

    static let violations: [(String, [UInt8], FrameViolation)] = [
        ("RSV1", raw(0xC1, [0]), .reservedBits), ("RSV2", raw(0xA1, [0]), .reservedBits),
        ("RSV3", raw(0x91, [0]), .reservedBits), ("RSV on a ping", raw(0xC9, [0]), .reservedBits),
        ("opcode 3", raw(0x83, [0]), .reservedOpcode), ("opcode 7", raw(0x87, [0]), .reservedOpcode),
        ("opcode 11", raw(0x8B, [0]), .reservedOpcode), ("opcode 15", raw(0x8F, [0]), .reservedOpcode),
        ("unmasked", [0x81, 0x05], .maskMissing), ("unmasked ping", [0x89, 0x00], .maskMissing),
        ("fragmented ping", raw(0x09, [0]), .controlFragmented),
        ("fragmented close", raw(0x08, [0]), .controlFragmented),
        ("ping of 126", raw(0x89, [126, 0, 126]), .controlTooLong),
        ("close of 126", raw(0x88, [126, 0, 126]), .controlTooLong),
        ("ping of 64-bit length", raw(0x89, [127, 0, 0, 0, 0, 0, 0, 0, 1]), .controlTooLong),
        ("16-bit length of 125", raw(0x82, [126, 0, 125]), .lengthNotMinimal),
        ("64-bit length of 65535", raw(0x82, [127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]), .lengthNotMinimal),
        ("top bit", raw(0x82, [127, 0x80, 0, 0, 0, 0, 1, 0, 0]), .lengthTopBit),
        ("lone continuation", raw(0x80, [0]), .continuationUnexpected),
        ("lone first continuation", raw(0x00, [0]), .continuationUnexpected),
        ("text in a fragmented text", raw(0x01, [0]) + raw(0x81, [0]), .messageInterrupted),
        ("binary in a fragmented text", raw(0x01, [0]) + raw(0x02, [0]), .messageInterrupted),
        ("close of one byte", raw(0x88, [1], [3]), .closePayloadTruncated),
        ("close reason of bad UTF-8", raw(0x88, [3], [3, 0xE8, 0xFF]), .invalidUTF8),
        ("close reason cut in a character", raw(0x88, [3], [3, 0xE8, 0xD7]), .invalidUTF8),
        ("text of bad UTF-8", raw(0x81, [2], [0x61, 0xFF]), .invalidUTF8),
        ("text cut in a character", raw(0x81, [1], [0xD7]), .invalidUTF8),
        ("larger than the limit", raw(0x82, [126, 0x04, 0x01]), .messageTooLarge),
        ("largest length", raw(0x82, [127, 0x7F, 255, 255, 255, 255, 255, 255, 255]), .messageTooLarge),
        ("fragments larger than the limit", raw(0x02, [1], [0]) + raw(0x80, [126, 0x04, 0x00]), .messageTooLarge),
    ]

    @Test(arguments: violations)
    func `S60 refuses what RFC 6455 forbids, whole or byte by byte, and hears nothing after`(
        name: String, stream: [UInt8], expected: FrameViolation
    ) {
        let after = stream + frame(.text, "after")
        #expect(decode(after, limit: 1_024, pieces: []) == [.violation(expected)], "\(name)")
        let singly = [Int](repeating: 1, count: after.count)
        #expect(decode(after, limit: 1_024, pieces: singly) == [.violation(expected)], "\(name)")
    }

    @Test func `a client refuses a masked frame`() {
        #expect(decode(frame(.text, "x"), role: .client, pieces: []) == [.violation(.maskUnexpected)])
    }

    @Test func `knows which close codes may be sent`() {
        for code in UInt16.min...UInt16.max {
            let allowed = (1000...1003).contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code)
            #expect(FrameDecoder.mayBeSent(code) == allowed)
        }
        #expect(decode(frame(.close, [0x03, 0xED]), pieces: []) == [.violation(.closeCodeInvalid)])
        #expect(decode(frame(.close, ""), pieces: []) == [.close(nil, "")])
    }

    @Test func `bad text is refused at its first bad byte, before the frame is whole`() {
        let text = frame(.text, [0x61, 0xED, 0xA0, 0x80, 0x61, 0x61])
        #expect(decode(Array(text.prefix(8)), pieces: []).isEmpty)
        #expect(decode(Array(text.prefix(9)), pieces: []) == [.violation(.invalidUTF8)])
    }

    @Test func `the limit is the message's, and reaching it is allowed`() {
        let half = [UInt8](repeating: 0x61, count: 512)
        let whole = frame(.binary, half, isFinal: false) + frame(.continuation, half)
        #expect(decode(whole, limit: 1_024, pieces: []) == [.binary(half + half)])
        #expect(decode(whole, limit: 1_023, pieces: []) == [.violation(.messageTooLarge)])
    }

    @Test func `bounds the fragments of one message, not of the connection`() {
        let empty = frame(.continuation, "", isFinal: false)
        let message = frame(.text, "", isFinal: false) + empty + empty + frame(.continuation, "")
        #expect(decode(message + message, fragments: 4, pieces: []) == [.text(""), .text("")])
        #expect(decode(message, fragments: 3, pieces: []) == [.violation(.tooManyFragments)])
    }

    @Test func `a header's claim alone takes no memory`() {
        var decoder = FrameDecoder(role: .server, maximumMessageBytes: 1 << 30)
        var claim = raw(0x82, [127, 0, 0, 0, 0, 0x3F, 255, 255, 255], [1])
        let event = unsafe claim.withUnsafeMutableBufferPointer { buffer in
            var input = unsafe buffer
            return unsafe decoder.next(&input)
        }
        #expect(event == .needsMore)
        let capacity = decoder.bufferCapacity
        #expect(capacity <= 1_024)
    }

    @Test func `its buffer grows by doubling, up to the limit and not beyond`() {
        var decoder = FrameDecoder(role: .client, maximumMessageBytes: 50_000)
        let stream = frame(.binary, [UInt8](repeating: 7, count: 50_000), key: nil)
        var capacities: [Int] = []
        for start in stride(from: 0, to: stream.count, by: 100) {
            var piece = Array(stream[start..<min(start + 100, stream.count)])
            unsafe piece.withUnsafeMutableBufferPointer { buffer in
                var input = unsafe buffer
                _ = unsafe decoder.next(&input)
            }
            let capacity = decoder.bufferCapacity
            if capacities.last != capacity { capacities.append(capacity) }
        }
        #expect(capacities == [1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 50_000])
    }

    @Test func `a whole message in one input is delivered where it lies, and nothing is allocated`() {
        var decoder = FrameDecoder(role: .server, maximumMessageBytes: 1 << 16)
        let stream =
            frame(.text, String(repeating: "0123456789", count: 40)) + frame(.text, "0123456789", isFinal: false)
            + frame(.ping, "x") + frame(.continuation, "0123456789")
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: stream.count)
        defer { unsafe buffer.deallocate() }
        var events = 0, inPlace = 0
        var allocations = [0, 0]
        for round in allocations.indices {
            allocation_probe_start()
            for _ in 0..<100 {
                for i in stream.indices { unsafe buffer[i] = stream[i] }
                var input = unsafe buffer
                while unsafe decoder.next(&input) != .needsMore {
                    events += 1
                    if let lies = unsafe decoder.payload.baseAddress,
                        let start = unsafe UnsafePointer(buffer.baseAddress),
                        unsafe lies >= start && lies < start + buffer.count
                    {
                        inPlace += 1
                    }
                }
            }
            allocations[round] = allocation_probe_stop()
        }
        #expect(events == 600 && inPlace == 200)
        // The first round makes the buffer for the message in fragments, which shows that the probe sees one.
        #expect(allocations[0] > 0 && allocations[1] == 0)
    }
}
