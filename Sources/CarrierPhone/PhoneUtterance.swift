import MulawCodec
import Recording

/// Something the caller says, and when. Spoken one after another: one that comes due during another waits for its end.
public struct PhoneUtterance: Sendable, Equatable {
    /// Mu-law at 8 kHz.
    public var audio: [UInt8]
    public var moment: PhoneMoment

    /// - Parameter samples: linear, 8 kHz.
    public init(samples: [Int16], _ moment: PhoneMoment) {
        audio = samples.map { MulawEncoder.encode($0) }
        self.moment = moment
    }

    /// A WAVE file, mono at 8 kHz.
    /// - Throws: `CarrierPhoneError` naming the file, the field and what was expected.
    public init(wavFile path: String, _ moment: PhoneMoment) throws(CarrierPhoneError) {
        let file: WAVFile
        do throws(RecordingError) {
            file = try WAVFile(path: path)
            try file.require(channels: 1, sampleRateHz: 8_000, name: path)
        } catch {
            throw CarrierPhoneError(error.message)
        }
        self.init(samples: file.samples, moment)
    }
}

/// What stopped a phone before or outside a call, in a sentence.
public struct CarrierPhoneError: Error, Equatable, Sendable, CustomStringConvertible {
    public var message: String
    public init(_ message: String) { self.message = message }
    public var description: String { message }
}
