import AudioPipeline

/// A way to a program that is plugged in: bytes of messages go out, lines come back. A worker's thread; nothing waits but
/// `wait`.
protocol StageLink: AnyObject {
    /// Begins to reach it; `lines` says later what came of it.
    /// - Throws: a sentence, when it is known at once that there is nobody.
    func open() throws(StageFault)
    /// - Returns: false when it is gone.
    func send(_ bytes: [UInt8]) -> Bool
    /// Bytes that it has not taken yet.
    var backlog: Int { get }
    /// What has come since the last time, line by line.
    /// - Returns: false when it is gone; lines that came before are given all the same.
    func lines(_ body: (ArraySlice<UInt8>) -> Void) -> Bool
    /// Sleeps until something comes, or the time is over.
    func wait(milliseconds: Int32)
    /// Bytes of memory that it holds; nil: unknown.
    var residentBytes: Int? { get }
    /// The last that it said on its standard error, or why its connection ended.
    var lastWords: String { get }
    /// Ends it, whether it likes it or not. It may be opened again.
    func close()
}
