public import AudioPipeline
import CLinux
import CMediaBridgeStage
import Foundation
import Glibc
import Transport
public import VAD

/// A library of media_bridge_stage.h in this process. It is never closed: whatever it left behind may still be called.
@safe public final class SharedObject: @unchecked Sendable {  // What it points at never changes.
    private let stage: UnsafePointer<media_bridge_stage>
    public let window: DetectorWindow
    public let name: String
    public let about: String
    public let cost: StageCost

    /// Into the process that the library has for itself.
    /// - Throws: no such file, no such function, another version, a description that does not hold.
    public convenience init(_ path: String) throws(StageFault) { try self.init(path, file: path) }

    /// Into a process that has more to lose. What was checked is what runs: the file is read once, and loaded from a copy in
    /// memory, so that whoever writes over it does not write into this process. A library beside it, looked for by `$ORIGIN`, is
    /// not found from there.
    /// - Parameter record: that of a passed check with these options; nil asks for none.
    /// - Throws: as the other, and a record that does not hold.
    public convenience init(
        inline path: String, record: String?, options: [String: String]
    ) throws(StageFault) {
        guard let bytes = FileManager.default.contents(atPath: path), let digest = StageRecord.digest(of: bytes) else {
            throw StageFault("library \(path) cannot be read")
        }
        if let record { try StageRecord.check(record, of: path, digest: digest, options: options) }
        if let known = Self.copies.withLock({ $0[digest] }) {
            try self.init(path, file: known)
            return
        }
        let copy = unsafe bytes.withUnsafeBytes {
            unsafe media_bridge_memory_file("media-bridge-stage", $0.baseAddress, $0.count)
        }
        guard copy >= 0 else { throw StageFault("library \(path): no copy in memory: \(Self.reason(-copy))") }
        // It stays open, as the library stays loaded: the loader takes a name that it has seen for what it saw there.
        let file = "/proc/self/fd/\(copy)"
        try self.init(path, file: file)
        Self.copies.withLock { $0[digest] = file }
    }

    /// Names of those that are loaded, by digest.
    private static let copies = Guarded<[String: String]>([:])

    private static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }

    private init(_ path: String, file: String) throws(StageFault) {
        guard let handle = unsafe dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
            let reason = unsafe dlerror().map { unsafe String(cString: $0) } ?? "no reason given"
            let hint =
                file == path
                ? ""
                : " (inline it is loaded from a copy: what it needs has to be where the system looks for libraries)"
            throw StageFault(
                "library \(path) cannot be loaded: \(reason.replacingOccurrences(of: file, with: path))\(hint)")
        }
        guard let symbol = unsafe dlsym(handle, "media_bridge_stage_describe") else {
            throw StageFault("library \(path) has no function media_bridge_stage_describe")
        }
        let describe = unsafe unsafeBitCast(symbol, to: media_bridge_stage_describe_function.self)
        guard let described = unsafe describe(MEDIA_BRIDGE_STAGE_VERSION) else {
            throw StageFault("library \(path) does not know version \(MEDIA_BRIDGE_STAGE_VERSION)")
        }
        unsafe stage = described
        let size = unsafe described.pointee.size
        let expected = unsafe MemoryLayout<media_bridge_stage>.size
        guard size >= expected else {
            throw StageFault(
                "library \(path): its description has \(size) bytes; at least \(expected) were expected"
            )
        }
        let stage = unsafe described.pointee
        guard unsafe stage.version == MEDIA_BRIDGE_STAGE_VERSION else {
            throw unsafe StageFault(
                "library \(path): version \(stage.version); \(MEDIA_BRIDGE_STAGE_VERSION) was expected")
        }
        guard unsafe stage.role == MEDIA_BRIDGE_STAGE_VAD else {
            throw unsafe StageFault("library \(path): role \(stage.role); 1, a detector, was expected")
        }
        guard unsafe stage.make != nil, unsafe stage.analyze != nil, unsafe stage.reset != nil,
            unsafe stage.destroy != nil
        else { throw StageFault("library \(path): make, analyze, reset or destroy is missing") }
        do throws(StageFault) {
            window = try unsafe DetectorWindow(
                sampleRateHz: Int(stage.sample_rate_hz), samples: Int(stage.window_samples))
        } catch { throw StageFault("library \(path): \(error)") }
        name = unsafe stage.name.map { unsafe String(cString: $0) } ?? ""
        about = unsafe stage.about.map { unsafe String(cString: $0) } ?? ""
        cost = unsafe stage.cost == MEDIA_BRIDGE_STAGE_INLINE ? .inline : .worker
    }

    /// Makes detectors of these options; they are tried at once.
    public func factory(_ options: [String: String]) throws(StageFault) -> DetectorEntry.Factory {
        _ = try LibraryDetector(self, options)
        // What could be made once is made again; a library that changes its mind has silence for an answer.
        return { (try? LibraryDetector(self, options)) ?? AnyDetector.boxing(ScriptedDetector("")) }
    }

    /// One detector of the library's.
    @safe private final class LibraryDetector: AnyDetector, @unchecked Sendable {
        private let library: SharedObject
        private let state: UnsafeMutableRawPointer

        init(_ library: SharedObject, _ options: [String: String]) throws(StageFault) {
            var complaint = [CChar](repeating: 0, count: 256)
            var words: [UnsafePointer<CChar>?] = unsafe []
            for (name, value) in options.sorted(by: { $0.key < $1.key }) {
                unsafe words.append(UnsafePointer(strdup(name)))
                unsafe words.append(UnsafePointer(strdup(value)))
            }
            unsafe words.append(nil)
            defer { unsafe words.forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) } }
            guard let made = unsafe library.stage.pointee.make(&words, &complaint, complaint.count) else {
                complaint[complaint.count - 1] = 0
                let bytes = complaint.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                throw StageFault("`\(library.name)` takes no such options: \(String(decoding: bytes, as: UTF8.self))")
            }
            unsafe state = made
            self.library = library
            super.init(
                window: library.window, latencyMilliseconds: unsafe Int(library.stage.pointee.latency_milliseconds),
                cost: library.cost)
        }

        deinit { unsafe library.stage.pointee.destroy(state) }

        override func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
            unsafe window.withUnsafeBufferPointer { samples in
                var answer = media_bridge_vad_answer()
                let status = unsafe library.stage.pointee.analyze(
                    state, samples.baseAddress, UInt32(samples.count), &answer)
                return VoiceActivity(
                    probability: status == 0 ? answer.probability : .nan, isSpeech: answer.is_speech != 0,
                    levelDecibels: answer.level_decibels)
            }
        }

        override func reset() { unsafe library.stage.pointee.reset(state) }
    }
}
