import CHTTPParser

/// Reads HTTP/1.x requests from bytes as they come: the head through http_parser, with the target exactly as it stood;
/// then the body. One request at a time; what follows it stays with the caller.
///
/// - Thread: any one at a time.
/// - Source: RFC 9112. Of what it leaves to the server, everything that two readers could take differently is refused.
@safe public final class HTTPHeadParser {
    /// A whole request and what its connection needs to know.
    public struct Parsed: Sendable {
        /// `remoteAddress` and `isSecure` are left for the connection to fill in.
        public var request: HTTPRequest
        public var isHTTP11: Bool
        /// The connection may carry another request after the answer.
        public var keepsAlive: Bool
        /// Asks for another protocol (`Connection: upgrade` and `Upgrade`): bytes after the request belong to it.
        public var isUpgrade: Bool
    }

    public enum Outcome: Sendable {
        /// All input was taken and the request is not whole.
        case needsMore
        case request(Parsed)
        /// Answer with `status`, then close; the parser is spent.
        case failure(HTTPFailure)
    }

    private let limits: HTTPLimits
    private let parser: UnsafeMutablePointer<http_parser>
    private var settings = http_parser_settings()
    private var scanner: HTTPHeadScanner
    private var body: HTTPBodyDecoder?
    private var parsed: Parsed?
    private var failure: HTTPFailure?

    // What the callbacks gather.
    fileprivate var target: [UInt8] = []
    fileprivate var name: [UInt8] = []
    fileprivate var value: [UInt8] = []
    fileprivate var isInValue = false
    fileprivate var headers: [(name: String, value: String)] = []
    fileprivate var headFlags: UInt32?

    public init(limits: HTTPLimits = .init()) {
        self.limits = limits
        scanner = HTTPHeadScanner(maximumBytes: limits.maximumHeadBytes)
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: http_parser())
        unsafe http_parser_settings_init(&settings)
        unsafe settings.on_url = { parser, at, length in
            unsafe HTTPHeadParser.of(parser).target.append(contentsOf: bytes(at, length))
            return 0
        }
        unsafe settings.on_header_field = { parser, at, length in
            let owner = unsafe HTTPHeadParser.of(parser)
            owner.finishHeader()
            unsafe owner.name.append(contentsOf: bytes(at, length))
            return 0
        }
        unsafe settings.on_header_value = { parser, at, length in
            let owner = unsafe HTTPHeadParser.of(parser)
            owner.isInValue = true
            unsafe owner.value.append(contentsOf: bytes(at, length))
            return 0
        }
        unsafe settings.on_headers_complete = { parser in
            let owner = unsafe HTTPHeadParser.of(parser)
            owner.finishHeader()
            owner.headFlags = unsafe parser!.pointee.flags
            return 2  // Stop here: the body is not http_parser's.
        }
        reset()
    }

    deinit { unsafe parser.deallocate() }

    /// Ready for the next request of the connection.
    public func reset() {
        unsafe http_parser_init(parser, HTTP_REQUEST)
        unsafe parser.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        scanner = HTTPHeadScanner(maximumBytes: limits.maximumHeadBytes)
        (body, parsed, failure, headFlags) = (nil, nil, nil, nil)
        (target, name, value, headers, isInValue) = ([], [], [], [], false)
    }

    /// True once a byte of a request has been taken and until it is whole.
    public var isMidRequest: Bool { scanner.count > 0 }

    /// True when the head is whole, the client waits for `100 Continue`, and no byte of its body has come.
    public var awaitsContinue: Bool {
        guard let parsed, let body, !body.isWhole, body.bytes.isEmpty else { return false }
        return parsed.isHTTP11 && parsed.request.headers["expect"]?.lowercased() == "100-continue"
    }

    /// Takes bytes until a request is whole. After `request`, the parser is ready for the next one.
    ///
    /// - Returns: how many bytes were taken from the front of `input`, and what came of them.
    public func consume(_ input: Span<UInt8>) -> (consumed: Int, outcome: Outcome) {
        if let failure { return (input.count, .failure(failure)) }
        do throws(HTTPFailure) {
            var position = 0
            if body == nil {
                let (count, isEnd, failure) = scanner.scan(input)
                try feed(input.extracting(0..<count))
                // Only now: what is wrong first in the stream is the answer, however the stream was cut.
                if let failure { throw failure }
                position = count
                if isEnd { try finishHead() }
            }
            if body != nil {
                position += try body!.take(input.extracting(position..<input.count))
                if body!.isWhole, var parsed {
                    parsed.request.body = body!.bytes
                    reset()
                    return (position, .request(parsed))
                }
            }
            return (position, .needsMore)
        } catch {
            failure = error
            return (input.count, .failure(error))
        }
    }

    private func feed(_ head: Span<UInt8>) throws(HTTPFailure) {
        // No bytes would tell http_parser that the stream has ended.
        guard !head.isEmpty else { return }
        let taken = unsafe head.withUnsafeBytes { bytes in
            unsafe http_parser_execute(
                parser, &settings, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        let code = http_errno(rawValue: unsafe parser.pointee.http_errno)
        guard code == HPE_OK else { throw Self.failure(for: code) }
        guard taken == head.count else { throw HTTPFailure(.badRequest, "bytes after the head's end") }
    }

    private static func failure(for code: http_errno) -> HTTPFailure {
        switch code {
        case HPE_INVALID_METHOD: HTTPFailure(.notImplemented, "unknown method")
        case HPE_INVALID_VERSION: HTTPFailure(.versionNotSupported, "expected HTTP/1.1 or HTTP/1.0")
        case HPE_HEADER_OVERFLOW: HTTPFailure(.headTooLarge, "the head is too large")
        default: HTTPFailure(.badRequest, unsafe String(cString: http_errno_description(code)))
        }
    }

    fileprivate func finishHeader() {
        guard isInValue else { return }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        headers.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        (name, value, isInValue) = ([], [], false)
    }

    private func values(_ name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name }.map(\.value)
    }

    private func finishHead() throws(HTTPFailure) {
        guard let headFlags else { throw HTTPFailure(.badRequest, "the head ended early") }
        let (major, minor) = unsafe (parser.pointee.http_major, parser.pointee.http_minor)
        guard major == 1, minor <= 1 else { throw HTTPFailure(.versionNotSupported, "expected HTTP/1.1 or HTTP/1.0") }
        let method = http_method(rawValue: unsafe parser.pointee.method)
        guard method != HTTP_CONNECT else { throw HTTPFailure(.notImplemented, "this is not a proxy") }
        let hosts = values("host")
        guard hosts.count == 1 || hosts.isEmpty && minor == 0 else {
            throw HTTPFailure(.badRequest, "expected one Host, found \(hosts.count)")
        }
        body = try makeBody(isHTTP11: minor == 1)
        let keepsAlive = unsafe http_should_keep_alive(parser) != 0
        let upgradeFlags = F_CONNECTION_UPGRADE.rawValue | F_UPGRADE.rawValue
        parsed = Parsed(
            request: HTTPRequest(
                method: unsafe String(cString: http_method_str(method)),
                target: String(decoding: target, as: UTF8.self), headers: HTTPHeaders(headers)),
            isHTTP11: minor == 1, keepsAlive: keepsAlive,
            isUpgrade: minor == 1 && headFlags & upgradeFlags == upgradeFlags)
    }

    private func makeBody(isHTTP11: Bool) throws(HTTPFailure) -> HTTPBodyDecoder {
        let lengths = values("content-length"), codings = values("transfer-encoding")
        guard lengths.count <= 1 else { throw HTTPFailure(.badRequest, "more than one Content-Length") }
        if !codings.isEmpty {
            // http_parser refuses this too, unless it was built or told to be lenient.
            guard lengths.isEmpty else { throw HTTPFailure(.badRequest, "both Content-Length and Transfer-Encoding") }
            guard isHTTP11 else { throw HTTPFailure(.badRequest, "Transfer-Encoding in HTTP/1.0") }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw HTTPFailure(.notImplemented, "Transfer-Encoding: expected chunked")
            }
            return try HTTPBodyDecoder(contentLength: nil, limits: limits)
        }
        guard let length = lengths.first else { return try HTTPBodyDecoder(contentLength: 0, limits: limits) }
        let isNumber = !length.isEmpty && length.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber else { throw HTTPFailure(.badRequest, "Content-Length: expected a number") }
        // A number too large for Int is still only too large a body.
        return try HTTPBodyDecoder(contentLength: Int(length) ?? .max, limits: limits)
    }

    /// Valid inside a callback: `consume` holds the parser alive.
    fileprivate static func of(_ parser: UnsafeMutablePointer<http_parser>?) -> HTTPHeadParser {
        unsafe Unmanaged<HTTPHeadParser>.fromOpaque(parser!.pointee.data).takeUnretainedValue()
    }
}

private func bytes(_ at: UnsafePointer<CChar>?, _ length: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: at, count: length)
}
