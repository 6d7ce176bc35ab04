@testable import Transport

/// Loops that run for the length of a test.
func withLoops<Result>(_ count: Int = 1, _ body: ([EventLoop]) throws -> Result) throws -> Result {
    var loops: [EventLoop] = []
    for index in 0..<count {
        let loop = try EventLoop(name: "loop \(index)")
        loop.start()
        loops.append(loop)
    }
    defer { for loop in loops { loop.stop() } }
    return try body(loops)
}

/// A listener with its service on its own loops.
func withServer<Result>(
    _ service: EchoService = EchoService(), options: ListenerOptions = .init(), loops count: Int = 1,
    _ body: (Listener, [EventLoop], EchoService) throws -> Result
) throws -> Result {
    try withLoops(count) { loops in
        let listener = try Listener(options, loops: loops, service: service)
        defer { listener.close() }
        return try body(listener, loops, service)
    }
}
