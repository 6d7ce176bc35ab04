/// First byte: how the rest is cut. What is read must not depend on the cut; what is accepted must be what the limits
/// and the grammar allow.
func fuzzHTTPHeads(_ input: borrowing Span<UInt8>) {
    guard input.count >= 1 else { return }
    let stream = (1..<input.count).map { input[$0] }
    let whole = read(stream, step: stream.count + 1)
    let cut = read(stream, step: Int(input[0] % 31) + 1)
    require(whole == cut, "\(whole) is not \(cut)")
}

private func read(_ stream: [UInt8], step: Int) -> [String] {
    var limits = HTTPLimits()
    (limits.maximumHeadBytes, limits.maximumBodyBytes) = (2_048, 4_096)
    let parser = HTTPHeadParser(limits: limits)
    var seen: [String] = []
    var rest = stream[...]
    while !rest.isEmpty {
        var piece = Array(rest.prefix(step))
        rest = rest.dropFirst(step)
        while !piece.isEmpty {
            let (consumed, outcome) = parser.consume(piece.span)
            require(consumed <= piece.count, "consumed: \(consumed) of \(piece.count)")
            piece.removeFirst(consumed)
            switch outcome {
            case .needsMore:
                require(piece.isEmpty, "left \(piece.count) bytes")
            case .failure(let failure):
                return seen + ["\(failure.status) \(failure.reason)"]
            case .request(let parsed):
                check(parsed, limits)
                seen.append("\(parsed)")
                if parsed.isUpgrade { return seen + ["\(piece.count + rest.count) bytes follow"] }
            }
        }
    }
    return seen
}

private func check(_ parsed: HTTPHeadParser.Parsed, _ limits: HTTPLimits) {
    let request = parsed.request
    require(!request.target.isEmpty && request.target.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "target")
    require(request.body.count <= limits.maximumBodyBytes, "body: \(request.body.count)")
    require(request.headers.fields.count <= HTTPHeadScanner.maximumHeaders, "headers")
    for (name, value) in request.headers.fields {
        require(!name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x3A }, "name: \(name)")
        require(value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "value: \(value)")
    }
    // An answer repeating what was asked must be one head: nothing in it may end the line it stands on.
    let answer = HTTPResponseWriter.bytes(
        of: HTTPResponse(status: 200, headers: request.headers), keepsAlive: parsed.keepsAlive)
    let blank: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
    let ends = answer.indices.filter { answer[$0...].starts(with: blank) }
    require(ends == [answer.count - 4], "an answer of \(ends.count) heads")
    if case .accept(let accept) = WebSocketHandshake.judge(request, isHTTP11: parsed.isHTTP11) {
        require(parsed.isHTTP11 && request.method == "GET" && accept.utf8.count == 28, "accept: \(accept)")
    }
}
