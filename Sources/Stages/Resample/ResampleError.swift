/// Why a resampler could not be made or run: what went wrong, and what the library said.
public struct ResampleError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// The two rates are outside what this type converts.
        case unsupportedRatio
        /// libsamplerate gave no converter, or refused to run.
        case library
    }

    public let code: Code
    /// Rates asked for, in samples per second.
    public let inputRateHz: Int, outputRateHz: Int
    /// libsamplerate's own error number; 0 when the library was not asked.
    public let libraryStatus: Int32

    init(_ code: Code, inputRateHz: Int, outputRateHz: Int, libraryStatus: Int32 = 0) {
        (self.code, self.inputRateHz, self.outputRateHz) = (code, inputRateHz, outputRateHz)
        self.libraryStatus = libraryStatus
    }

    public var description: String {
        switch code {
        case .unsupportedRatio: "cannot resample from \(inputRateHz) to \(outputRateHz) Hz"
        case .library: "libsamplerate status \(libraryStatus) from \(inputRateHz) to \(outputRateHz) Hz"
        }
    }
}
