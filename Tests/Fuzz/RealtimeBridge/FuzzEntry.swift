import Glibc

/// What one run of the fuzzer feeds; chosen by the environment variable FUZZ_TARGET, so that one binary serves both.
private let target: @Sendable (borrowing Span<UInt8>) -> Void = {
    let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    switch name {
    case "twilio": return fuzzTwilio
    case "openai": return fuzzOpenAI
    default: fatalError("FUZZ_TARGET: \(name), expected twilio or openai")
    }
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe target(UnsafeBufferPointer(start: bytes, count: count).span)
    return 0
}

/// A precondition whose message is printed in optimised builds too.
func require(_ isTrue: Bool, _ message: @autoclosure () -> String) { if !isTrue { fatalError(message()) } }
