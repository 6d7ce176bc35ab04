/// Collects a request's body, of known length or chunked.
///
/// - Source: RFC 9112, sections 6 and 7.1. Chunk extensions and trailers are read and forgotten.
struct HTTPBodyDecoder {
    private enum State {
        case identity(remaining: Int)
        case size(digits: Int, value: Int), extensions(size: Int), sizeEnd(size: Int)
        case data(remaining: Int), dataReturn, dataEnd
        case trailerStart, trailer, trailerEnd, lastEnd
        case whole
    }
    private var state: State
    private(set) var bytes: [UInt8] = []
    private var overhead = 0
    private let limits: HTTPLimits

    /// - Parameter contentLength: nil for chunked.
    init(contentLength: Int?, limits: HTTPLimits) throws(HTTPFailure) {
        self.limits = limits
        guard contentLength ?? 0 <= limits.maximumBodyBytes else { throw Self.tooLarge(limits) }
        state = contentLength.map { $0 == 0 ? .whole : .identity(remaining: $0) } ?? .size(digits: 0, value: 0)
    }

    var isWhole: Bool {
        if case .whole = state { true } else { false }
    }

    /// - Returns: how many bytes of `input` belong to the body.
    mutating func take(_ input: Span<UInt8>) throws(HTTPFailure) -> Int {
        var position = 0
        while position < input.count {
            switch state {
            case .whole:
                return position
            case .identity(let remaining):
                let count = append(input, from: position, atMost: remaining)
                position += count
                state = count == remaining ? .whole : .identity(remaining: remaining - count)
            case .data(let remaining):
                let count = append(input, from: position, atMost: remaining)
                position += count
                state = count == remaining ? .dataReturn : .data(remaining: remaining - count)
            default:
                try step(input[position])
                position += 1
            }
        }
        return position
    }

    private mutating func append(_ input: Span<UInt8>, from position: Int, atMost limit: Int) -> Int {
        let count = min(limit, input.count - position)
        for i in position..<position + count { bytes.append(input[i]) }
        return count
    }

    /// One byte of chunk framing.
    private mutating func step(_ byte: UInt8) throws(HTTPFailure) {
        overhead += 1
        guard overhead <= limits.maximumHeadBytes + limits.maximumBodyBytes else { throw Self.tooLarge(limits) }
        switch state {
        case .size(let digits, let value):
            if let digit = Self.hexadecimal(byte) {
                guard digits < 15 else { throw Self.malformed }
                state = .size(digits: digits + 1, value: value << 4 | digit)
                return
            }
            guard digits > 0 else { throw Self.malformed }
            guard value <= limits.maximumBodyBytes - bytes.count else { throw Self.tooLarge(limits) }
            switch byte {
            case 0x0D: state = .sizeEnd(size: value)
            case UInt8(ascii: ";"), 0x20, 0x09: state = .extensions(size: value)
            default: throw Self.malformed
            }
        case .extensions(let size):
            if byte == 0x0D { state = .sizeEnd(size: size) } else { try Self.text(byte) }
        case .sizeEnd(let size):
            try Self.lineFeed(byte)
            state = size == 0 ? .trailerStart : .data(remaining: size)
        case .dataReturn:
            guard byte == 0x0D else { throw Self.malformed }
            state = .dataEnd
        case .dataEnd:
            try Self.lineFeed(byte)
            state = .size(digits: 0, value: 0)
        case .trailerStart:
            if byte == 0x0D {
                state = .lastEnd
            } else {
                guard byte != 0x20, byte != 0x09 else { throw Self.malformed }
                try Self.text(byte)
                state = .trailer
            }
        case .trailer:
            if byte == 0x0D { state = .trailerEnd } else { try Self.text(byte) }
        case .trailerEnd:
            try Self.lineFeed(byte)
            state = .trailerStart
        case .lastEnd:
            try Self.lineFeed(byte)
            state = .whole
        case .identity, .data, .whole:
            preconditionFailure("not chunk framing: \(state)")
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte) - 0x57
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte) - 0x37
        default: nil
        }
    }
    private static func lineFeed(_ byte: UInt8) throws(HTTPFailure) { guard byte == 0x0A else { throw malformed } }
    private static func text(_ byte: UInt8) throws(HTTPFailure) {
        guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw malformed }
    }
    private static var malformed: HTTPFailure { HTTPFailure(.badRequest, "malformed chunked body") }
    private static func tooLarge(_ limits: HTTPLimits) -> HTTPFailure {
        HTTPFailure(.bodyTooLarge, "the body exceeds \(limits.maximumBodyBytes) bytes")
    }
}
