/// Where a finished recording goes: caller left, agent right. Recorder thread.
public protocol StereoSink: AnyObject {
    /// - Parameter samples: left and right in turn, an even number of samples.
    func write(interleaved samples: Span<Int16>) throws(RecordingError)
    /// The last call a sink gets; the file is complete after it.
    func finish() throws(RecordingError)
}
