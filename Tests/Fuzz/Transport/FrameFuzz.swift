/// First byte: role and limit; second: how the rest is cut. What is heard must not depend on the cut, text must be
/// UTF-8 by the standard library's judgement, and what was heard must survive being sent again.
func fuzzFrames(_ input: borrowing Span<UInt8>) {
    guard input.count >= 2 else { return }
    let isServer = input[0] & 1 == 0, limit = [64, 1_024, 70_000, 1 << 20][Int(input[0] >> 1 & 3)]
    let stream = (2..<input.count).map { input[$0] }
    let whole = heard(stream, isServer: isServer, limit: limit, step: stream.count + 1)
    let cut = heard(stream, isServer: isServer, limit: limit, step: Int(input[1] % 31) + 1)
    require(whole == cut, "\(whole) is not \(cut)")
    for (opcode, payload) in whole.messages {
        require(
            payload.count <= (opcode.isControl ? 125 : limit), "a message of \(payload.count) bytes, limit \(limit)")
        if opcode == .text { require(String(validating: payload, as: UTF8.self) != nil, "text is not UTF-8") }
        let key: UInt32? = isServer ? 0x9F3C_51E7 : nil
        var frame = [UInt8](
            repeating: 0, count: FrameEncoder.byteCount(payloadBytes: payload.count, isMasked: isServer))
        unsafe frame.withUnsafeMutableBufferPointer {
            _ = unsafe FrameEncoder.encode(opcode, payload: payload.span, maskKey: key, into: $0)
        }
        let again = heard(frame, isServer: isServer, limit: limit, step: 7)
        require(again.messages.count == 1 && again.messages[0] == (opcode, payload), "lost on its way back")
    }
}

private struct Heard: Equatable {
    var messages: [(FrameOpcode, [UInt8])] = []
    var end: FrameDecoder.Event?
    static func == (left: Heard, right: Heard) -> Bool {
        left.end == right.end && left.messages.elementsEqual(right.messages, by: ==)
    }
}

private func heard(_ stream: [UInt8], isServer: Bool, limit: Int, step: Int) -> Heard {
    var decoder = FrameDecoder(role: isServer ? .server : .client, maximumMessageBytes: limit)
    var heard = Heard()
    var rest = stream[...]
    while !rest.isEmpty {
        // Exactly as large as what is fed: the address sanitizer sees a byte too many.
        let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: min(step, rest.count))
        defer { unsafe piece.deallocate() }
        for i in 0..<piece.count { unsafe piece[i] = rest[rest.startIndex + i] }
        rest = rest.dropFirst(piece.count)
        var input = unsafe piece
        loop: while true {
            let event = unsafe decoder.next(&input)
            let payload = unsafe Array(decoder.payload)
            switch event {
            case .needsMore: break loop
            case .text: heard.messages.append((.text, payload))
            case .binary: heard.messages.append((.binary, payload))
            case .ping: heard.messages.append((.ping, payload))
            case .pong: heard.messages.append((.pong, payload))
            case .close, .violation:
                require(heard.end == nil, "an event after the end")
                heard.end = event
            }
        }
    }
    return heard
}
