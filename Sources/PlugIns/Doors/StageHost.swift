public import AudioPipeline
import Foundation
import Glibc
public import VAD

/// A detector as a program of the third door: windows on standard input, lines on standard output. What
/// `media-bridge stage-host` runs, so that a library has a process of its own; and a Swift detector may, too.
public enum StageHost {
    /// This very program, as the host of a library.
    public static var command: [String] {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return [own, "stage-host"]
    }

    /// The two that the service speaks over, taken from a process before anything foreign is loaded into it: what that
    /// prints goes to standard error, which the service shows, and what it reads is empty.
    public struct Streams {
        fileprivate let input: Int32, output: Int32
        public init() {
            // Not for what it starts, either.
            (input, output) = (fcntl(0, F_DUPFD_CLOEXEC, 3), fcntl(1, F_DUPFD_CLOEXEC, 3))
            _ = dup2(2, 1)
            let nothing = unsafe open("/dev/null", O_RDONLY)
            _ = dup2(nothing, 0)
            if nothing > 2 { _ = close(nothing) }
        }
    }

    /// Serves until standard input ends.
    /// - Throws: input that breaks the framing.
    public static func run(_ make: DetectorEntry.Factory, over streams: Streams = Streams()) throws(StageFault) {
        func say(_ line: String) { self.say(line, streams.output) }
        func read(_ count: Int) throws(StageFault) -> [UInt8]? { try self.read(count, streams.input) }
        let window = make().window
        say(
            "{\"role\":\"vad\",\"version\":1,\"sampleRateHz\":\(window.sampleRateHz),\"windowSamples\":\(window.samples)}"
        )
        var detectors: [UInt32: AnyDetector] = [:]
        var samples = [Int16](repeating: 0, count: window.samples)
        while let header = try read(StageMessage.headerBytes) {
            let call = number(header, 0), size = Int(number(header, 8))
            guard let kind = StageMessage(rawValue: number(header, 4)), size <= 1 << 20 else {
                throw StageFault("message of kind \(number(header, 4)) and \(size) bytes on standard input")
            }
            guard let content = try read(size) else { return }
            switch kind {
            case .begin: detectors[call] = make()
            case .reset: detectors[call]?.reset()
            case .end: detectors[call] = nil
            case .audio:
                guard let detector = detectors[call], size == window.samples * 2 else {
                    throw StageFault("\(size) bytes of audio for call \(call); \(window.samples * 2) were expected")
                }
                for index in samples.indices {
                    samples[index] = Int16(bitPattern: UInt16(content[index * 2]) | UInt16(content[index * 2 + 1]) << 8)
                }
                let activity = detector.analyze(samples.span)
                // No number at all is no JSON: it is told as one that is none.
                let likely = activity.isInRange ? activity.probability : -1
                say("{\"call\":\(call),\"speech\":\(activity.isSpeech),\"probability\":\(likely)}")
            case .speechBegan, .speechEnded: break
            }
        }
    }

    private static func say(_ line: String, _ output: Int32) {
        var bytes = Array(line.utf8)
        bytes.append(0x0A)
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { unsafe write(output, $0.baseAddress! + done, $0.count - done) }
            if count < 0, errno == EINTR { continue }
            // Nobody reads any more.
            guard count > 0 else { exit(0) }
            done += count
        }
    }

    /// Nil at the end of the input.
    private static func read(_ count: Int, _ input: Int32) throws(StageFault) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let taken = unsafe bytes.withUnsafeMutableBytes {
                unsafe Glibc.read(input, $0.baseAddress! + done, count - done)
            }
            if taken < 0, errno == EINTR { continue }
            guard taken > 0 else {
                guard done == 0 else { throw StageFault("standard input ended within a message") }
                return nil
            }
            done += taken
        }
        return bytes
    }

    private static func number(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) }
    }
}
