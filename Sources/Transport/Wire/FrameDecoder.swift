/// Turns bytes as they come into WebSocket messages and control frames, strictly.
///
/// A whole message that lies in one input is unmasked there and delivered without a copy; anything else is put together
/// in one buffer that grows with what has truly arrived and is kept, so a message no larger than an earlier one
/// allocates nothing. After a close frame or a violation everything further is discarded.
///
/// - Thread: any one at a time.
/// - Source: RFC 6455, section 5; close codes section 7.4.
@safe public struct FrameDecoder: ~Copyable {
    public enum Role: Sendable { case server, client }

    public enum Event: Equatable, Sendable {
        /// All input was taken and nothing is complete.
        case needsMore
        /// A whole message, checked to be UTF-8, or binary: its bytes are `payload`.
        case text, binary
        /// Control frames; their bytes are `payload`.
        case ping, pong
        /// The peer closes. `payload` holds the reason (UTF-8); `code` is nil when the frame was empty.
        case close(code: UInt16?)
        /// The peer must be closed with `closeCode`.
        case violation(FrameViolation)
    }

    /// Bytes of the last event, else empty. Valid until the next call of `next`, and no longer than its input.
    public private(set) var payload = unsafe UnsafeBufferPointer<UInt8>(start: nil, count: 0)

    public let role: Role
    public let maximumMessageBytes: Int
    public let maximumFragments: Int

    // The header under way.
    private var header = InlineArray<14, UInt8>(repeating: 0)
    private var headerCount = 0
    private var headerNeeded = 2

    // The frame under way.
    private var isInPayload = false
    private var opcode = FrameOpcode.continuation
    private var isFinal = false
    private var maskKey: UInt32 = 0
    private var frameTaken = 0
    private var frameRemaining = 0

    // The message under way; `continuation` means none.
    private var messageOpcode = FrameOpcode.continuation
    private var messageCount = 0
    private var fragments = 0
    private var validator = UTF8Validator()
    private var isFinished = false

    private var message: UnsafeMutableBufferPointer<UInt8>
    private let control: UnsafeMutableBufferPointer<UInt8>
    private var controlCount = 0

    /// - Parameters:
    ///   - maximumMessageBytes: a larger message is refused at its header, with 1009.
    ///   - maximumFragments: bounds what a peer can make us do per message with empty fragments.
    public init(role: Role, maximumMessageBytes: Int, maximumFragments: Int? = nil) {
        precondition(maximumMessageBytes >= 0, "maximumMessageBytes: \(maximumMessageBytes)")
        self.role = role
        self.maximumMessageBytes = maximumMessageBytes
        self.maximumFragments = maximumFragments ?? 1_024 + maximumMessageBytes / 16
        unsafe message = .init(start: nil, count: 0)
        unsafe control = .allocate(capacity: FrameOpcode.maximumControlBytes)
    }

    deinit {
        unsafe message.deallocate()
        unsafe control.deallocate()
    }

    /// Bytes held for messages under way.
    public var bufferCapacity: Int { unsafe message.count }

    /// Takes bytes from the front of `input`, unmasking them in place, up to and including the next event.
    /// Call until it answers `needsMore`; `input` is empty then.
    public mutating func next(_ input: inout UnsafeMutableBufferPointer<UInt8>) -> Event {
        unsafe payload = .init(start: nil, count: 0)
        if isFinished {
            unsafe input = .init(start: nil, count: 0)
            return .needsMore
        }
        do throws(FrameViolation) {
            while true {
                if !isInPayload {
                    guard try unsafe readHeader(&input) else { return .needsMore }
                }
                if let event = try unsafe opcode.isControl ? readControl(&input) : readData(&input) { return event }
                // A frame of no event (a fragment) may end exactly here; only a frame cut short needs more.
                if isInPayload { return .needsMore }
            }
        } catch {
            isFinished = true
            return .violation(error)
        }
    }

    // MARK: Header

    /// - Returns: false when the input ended first.
    private mutating func readHeader(_ input: inout UnsafeMutableBufferPointer<UInt8>) throws(FrameViolation) -> Bool {
        var taken = 0
        while headerCount < headerNeeded {
            guard taken < input.count else {
                unsafe Self.drop(taken, from: &input)
                return false
            }
            header[headerCount] = unsafe input[taken]
            taken += 1
            headerCount += 1
            if headerCount == 2 { try readFirstTwoBytes() }
        }
        unsafe Self.drop(taken, from: &input)
        try readLength()
        isInPayload = true
        (headerCount, headerNeeded, frameTaken) = (0, 2, 0)
        return true
    }

    private mutating func readFirstTwoBytes() throws(FrameViolation) {
        let first = header[0], second = header[1]
        guard first & 0x70 == 0 else { throw .reservedBits }
        guard let opcode = FrameOpcode(rawValue: first & 0x0F) else { throw .reservedOpcode }
        self.opcode = opcode
        isFinal = first & 0x80 != 0
        let isMasked = second & 0x80 != 0
        if role == .server && !isMasked { throw .maskMissing }
        if role == .client && isMasked { throw .maskUnexpected }
        let length = second & 0x7F
        if opcode.isControl {
            guard isFinal else { throw .controlFragmented }
            guard length <= FrameOpcode.maximumControlBytes else { throw .controlTooLong }
        } else if opcode == .continuation {
            guard messageOpcode != .continuation else { throw .continuationUnexpected }
        } else {
            guard messageOpcode == .continuation else { throw .messageInterrupted }
        }
        headerNeeded = 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + (isMasked ? 4 : 0)
    }

    private mutating func readLength() throws(FrameViolation) {
        var length = UInt64(header[1] & 0x7F)
        var position = 2
        if length >= 126 {
            let (size, smallest): (Int, UInt64) = length == 126 ? (2, 126) : (8, 65_536)
            length = 0
            for i in 0..<size { length = length << 8 | UInt64(header[2 + i]) }
            guard length >> 63 == 0 else { throw .lengthTopBit }
            guard length >= smallest else { throw .lengthNotMinimal }
            position += size
        }
        maskKey = 0
        if role == .server {
            for i in 0..<4 { maskKey |= UInt32(header[position + i]) << (8 * UInt32(i)) }
            maskKey = maskKey.littleEndian
        }
        if opcode.isControl {
            controlCount = 0
        } else {
            guard length <= UInt64(maximumMessageBytes - messageCount) else { throw .messageTooLarge }
            // The validator needs no reset: a text message that leaves it inside a character ends the stream.
            if opcode != .continuation { messageOpcode = opcode }
            fragments += 1
            guard fragments <= maximumFragments else { throw .tooManyFragments }
        }
        frameRemaining = Int(length)
    }

    // MARK: Payload

    private mutating func readControl(
        _ input: inout UnsafeMutableBufferPointer<UInt8>
    ) throws(FrameViolation) -> Event? {
        let count = min(frameRemaining, input.count)
        if count > 0, let from = input.baseAddress, let to = unsafe control.baseAddress {
            unsafe FrameMask.apply(maskKey, offset: frameTaken, from: from, to: to + controlCount, count: count)
            controlCount += count
            unsafe take(count, from: &input)
        }
        guard frameRemaining == 0 else { return nil }
        isInPayload = false
        unsafe payload = UnsafeBufferPointer(rebasing: control[..<controlCount])
        switch opcode {
        case .ping: return .ping
        case .pong: return .pong
        default: return .close(code: try readClose())
        }
    }

    /// Leaves the reason in `payload`.
    private mutating func readClose() throws(FrameViolation) -> UInt16? {
        isFinished = true
        guard controlCount > 0 else { return nil }
        guard controlCount >= 2 else { throw .closePayloadTruncated }
        let code = unsafe UInt16(control[0]) << 8 | UInt16(control[1])
        guard Self.mayBeSent(code) else { throw .closeCodeInvalid }
        unsafe payload = UnsafeBufferPointer(rebasing: control[2..<controlCount])
        var reason = UTF8Validator()
        guard unsafe reason.append(payload.span), reason.isComplete else {
            unsafe payload = .init(start: nil, count: 0)
            throw .invalidUTF8
        }
        return code
    }

    /// Close codes a peer may put on the wire. Source: RFC 6455, sections 7.4.1 and 7.4.2, and IANA's registry
    /// (1012 to 1014).
    static func mayBeSent(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    private mutating func readData(
        _ input: inout UnsafeMutableBufferPointer<UInt8>
    ) throws(FrameViolation) -> Event? {
        let count = min(frameRemaining, input.count)
        let isWholeMessage = messageCount == 0 && frameTaken == 0 && isFinal && count == frameRemaining
        if count > 0, let from = input.baseAddress {
            let to: UnsafeMutablePointer<UInt8>
            if isWholeMessage {
                unsafe to = from
            } else {
                reserve(messageCount + count)
                unsafe to = message.baseAddress! + messageCount
            }
            unsafe move(count, from: from, to: to)
            messageCount += count
            if messageOpcode == .text {
                guard unsafe validator.append(UnsafeBufferPointer(start: to, count: count).span) else {
                    throw .invalidUTF8
                }
            }
            unsafe take(count, from: &input)
            if isWholeMessage { unsafe payload = UnsafeBufferPointer(start: to, count: count) }
        }
        guard frameRemaining == 0 else { return nil }
        isInPayload = false
        guard isFinal else { return nil }
        if messageOpcode == .text && !validator.isComplete { throw .invalidUTF8 }
        if !isWholeMessage || messageCount == 0 {
            unsafe payload = UnsafeBufferPointer(rebasing: message[..<messageCount])
        }
        let event: Event = messageOpcode == .text ? .text : .binary
        (messageOpcode, messageCount, fragments) = (.continuation, 0, 0)
        return event
    }

    private func move(_ count: Int, from: UnsafeMutablePointer<UInt8>, to: UnsafeMutablePointer<UInt8>) {
        if role == .server {
            unsafe FrameMask.apply(maskKey, offset: frameTaken, from: from, to: to, count: count)
        } else if unsafe from != to {
            unsafe to.update(from: from, count: count)
        }
    }

    private mutating func take(_ count: Int, from input: inout UnsafeMutableBufferPointer<UInt8>) {
        frameTaken += count
        frameRemaining -= count
        unsafe Self.drop(count, from: &input)
    }

    private static func drop(_ count: Int, from input: inout UnsafeMutableBufferPointer<UInt8>) {
        unsafe input = UnsafeMutableBufferPointer(rebasing: input[count...])
    }

    /// Makes room for `count` bytes of message. Grows by doubling from what has arrived, never from a length that a
    /// header merely claims.
    private mutating func reserve(_ count: Int) {
        guard unsafe count > message.count else { return }
        let capacity = unsafe max(count, min(max(1_024, 2 * message.count), maximumMessageBytes))
        let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: capacity)
        if let old = unsafe message.baseAddress, let new = larger.baseAddress {
            unsafe new.update(from: old, count: messageCount)
        }
        unsafe message.deallocate()
        unsafe message = larger
    }
}
