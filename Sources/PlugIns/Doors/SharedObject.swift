public import AudioPipeline
import CMediaBridgeStage
import Glibc
public import VAD

/// A library of media_bridge_stage.h in this process. It is never closed: whatever it left behind may still be called.
@safe public final class SharedObject: @unchecked Sendable {  // What it points at never changes.
    private let stage: UnsafePointer<media_bridge_stage>
    public let window: DetectorWindow
    public let name: String
    public let about: String
    public let cost: StageCost

    /// - Parameter record: that of a passed check; nil asks for none, as in the process that the library has for itself.
    /// - Throws: no such file, no such function, another version, a description that does not hold.
    public init(_ path: String, record: String?) throws(StageFault) {
        if let record { try StageRecord.check(record, of: path) }
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let reason = unsafe dlerror().map { unsafe String(cString: $0) } ?? "no reason given"
            throw StageFault("library \(path) cannot be loaded: \(reason)")
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
