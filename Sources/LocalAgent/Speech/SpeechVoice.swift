/// Turns text into speech. A role: flite fills it, and a scripted twin in tests.
public protocol SpeechVoice: AnyObject, Sendable {
    /// Any thread, may take long.
    /// - Parameters:
    ///   - sampleRateHz: 8,000, 16,000, 24,000 or 48,000.
    ///   - speed: 0.25 ... 1.5; 1 is the voice's own.
    /// - Returns: linear PCM, mono; empty when the text holds nothing to say.
    func render(_ text: String, sampleRateHz: Int, speed: Double) throws(SpeechVoiceError) -> [Int16]
}

/// Why nothing could be said.
public struct SpeechVoiceError: Error, Equatable, Sendable, CustomStringConvertible {
    public let message: String
    public init(_ message: String) { self.message = message }
    public var description: String { message }
}
