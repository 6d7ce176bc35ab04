import Glibc

/// What one run of the fuzzer feeds; chosen by the environment variable FUZZ_TARGET, so that one binary serves them all.
private let target: @Sendable (borrowing Span<UInt8>) -> Void = {
    let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    switch name {
    case "http-heads": return fuzzHTTPHeads
    case "frames": return fuzzFrames
    case "utf8": return fuzzUTF8
    default: fatalError("FUZZ_TARGET: \(name), expected http-heads, frames or utf8")
    }
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe target(UnsafeBufferPointer(start: bytes, count: count).span)
    return 0
}

/// A precondition whose message is printed in optimised builds too.
func require(_ isTrue: Bool, _ message: @autoclosure () -> String) { if !isTrue { fatalError(message()) } }
