/// Finds the end of a request's head and refuses the bytes that two readers of one stream could understand differently:
/// bare CR or LF, folded headers, blanks in names, control characters (Debian builds http_parser without its strict mode).
///
/// - Source: RFC 9112, sections 2.2, 5.2 and 11.2.
struct HTTPHeadScanner {
    private var lineLength = 0
    private var sawCarriageReturn = false
    private var sawLine = false
    private var spaces = 0
    private var isInName = false
    private(set) var count = 0
    /// Header lines, the request line not among them.
    private(set) var headerCount = 0

    let maximumBytes: Int
    static var maximumHeaders: Int { 100 }

    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// - Returns: how many bytes of `input` belong to the head and are fit to be read, whether it ends with them, and
    ///   what is wrong with the byte after them.
    mutating func scan(_ input: Span<UInt8>) -> (count: Int, isEnd: Bool, failure: HTTPFailure?) {
        for i in input.indices {
            do throws(HTTPFailure) {
                if try take(input[i]) { return (i + 1, true, nil) }
            } catch {
                return (i, false, error)
            }
        }
        return (input.count, false, nil)
    }

    /// - Returns: true when the head ends with this byte.
    private mutating func take(_ byte: UInt8) throws(HTTPFailure) -> Bool {
        count += 1
        guard count <= maximumBytes else {
            throw HTTPFailure(.headTooLarge, "the head exceeds \(maximumBytes) bytes")
        }
        if sawCarriageReturn {
            guard byte == 0x0A else { throw HTTPFailure(.badRequest, "a CR without its LF") }
            sawCarriageReturn = false
            if lineLength == 0 {
                if sawLine { return true }
            } else {
                if sawLine { headerCount += 1 }
                guard headerCount <= Self.maximumHeaders else {
                    throw HTTPFailure(.headTooLarge, "more than \(Self.maximumHeaders) headers")
                }
                (sawLine, lineLength, isInName) = (true, 0, true)
            }
            return false
        }
        switch byte {
        case 0x0D:
            sawCarriageReturn = true
            return false
        case 0x0A:
            throw HTTPFailure(.badRequest, "an LF without its CR")
        case 0x20, 0x09:
            guard lineLength > 0 else { throw HTTPFailure(.badRequest, "a folded header") }
            guard sawLine else {
                spaces += 1
                guard byte == 0x20, spaces <= 2 else {
                    throw HTTPFailure(.badRequest, "more than two blanks in the request line")
                }
                break
            }
            guard !isInName else { throw HTTPFailure(.badRequest, "a blank in a header's name") }
        case 0x00..<0x20, 0x7F:
            throw HTTPFailure(.badRequest, "a control character in the head")
        case 0x80...:
            guard sawLine else { throw HTTPFailure(.badRequest, "a byte that is not ASCII in the request line") }
        case UInt8(ascii: ":"):
            isInName = false
        default:
            break
        }
        lineLength += 1
        return false
    }
}
