import Glibc

/// A path of its own, removed at the end.
final class TemporaryFile {
    let path: String
    init(_ suffix: String = ".wav") {
        path = "/tmp/media-bridge-test-\(getpid())-\(UInt64.random(in: 0 ... .max))\(suffix)"
    }
    deinit { unsafe _ = unlink(path) }
}
