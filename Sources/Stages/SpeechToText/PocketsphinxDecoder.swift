import CPocketsphinx
import Glibc
import Synchronization

/// Owns one pocketsphinx decoder, from `init` to `deinit`. One thread at a time.
@safe struct PocketsphinxDecoder: ~Copyable {
    private let handle: OpaquePointer

    /// Making, filling and freeing are for one decoder at a time: the library promises nothing about threads, and its log
    /// file, shared by all decoders, was closed twice. They are rare. Decoding shares nothing.
    private static let settingUp = Mutex(())

    init(model: PocketsphinxModel, sampleRateHz: Int) throws(RecognitionError) {
        try model.check()
        guard
            let handle = unsafe Self.settingUp.withLock({ _ in
                unsafe media_bridge_pocketsphinx_open(
                    model.acousticModelDirectory, model.dictionaryFile, Double(sampleRateHz))
            })
        else {
            throw RecognitionError(
                .engine, "pocketsphinx cannot load \(model.acousticModelDirectory) with \(model.dictionaryFile)")
        }
        unsafe self.handle = handle
    }

    deinit { Self.settingUp.withLock { _ in unsafe _ = ps_free(handle) } }

    func knows(_ word: String) -> Bool {
        Self.settingUp.withLock { _ in
            guard let phones = unsafe ps_lookup_word(handle, word) else { return false }
            unsafe free(phones)
            return true
        }
    }

    /// - Parameter phones: as the acoustic model names them, separated by spaces.
    func add(word: String, phones: String, isLast: Bool) throws(RecognitionError) {
        let isKnown = Self.settingUp.withLock { _ in unsafe ps_add_word(handle, word, phones, isLast ? 1 : 0) >= 0 }
        guard isKnown else {
            throw RecognitionError(.engine, "pocketsphinx refuses the word \(word) (\(phones))")
        }
    }

    func addSearch(name: String, jsgf: String) throws(RecognitionError) {
        let isTaken = Self.settingUp.withLock { _ in unsafe ps_set_jsgf_string(handle, name, jsgf) == 0 }
        guard isTaken else {
            throw RecognitionError(.engine, "pocketsphinx refuses the grammar \(name)")
        }
    }

    /// - Parameter languageModel: a file of word probabilities.
    func addSearch(name: String, languageModel: String) throws(RecognitionError) {
        let isTaken = Self.settingUp.withLock { _ in unsafe ps_set_lm_file(handle, name, languageModel) == 0 }
        guard isTaken else { throw RecognitionError(.modelMissing, "speech model: cannot read \(languageModel)") }
    }

    /// One whole utterance through one search.
    func decode(_ samples: Span<Int16>, search: String) throws(RecognitionError) -> Decoded {
        let started =
            unsafe ps_set_search(handle, search) == 0 && ps_start_stream(handle) == 0
            && ps_start_utt(handle) == 0
        guard started else { throw RecognitionError(.engine, "pocketsphinx cannot start the search \(search)") }
        let frames = unsafe samples.withUnsafeBufferPointer {
            unsafe ps_process_raw(handle, $0.baseAddress, $0.count, 0, 1)
        }
        guard unsafe ps_end_utt(handle) == 0, frames >= 0 else {
            throw RecognitionError(.engine, "pocketsphinx failed in the search \(search)")
        }
        var score: CInt = 0
        guard unsafe ps_get_hyp(handle, &score) != nil else { return Decoded(score: 0, words: []) }
        var words: [Transcript.Word] = []
        var segment = unsafe ps_seg_iter(handle)
        while let current = unsafe segment {
            var first: CInt = 0, last: CInt = 0
            unsafe ps_seg_frames(current, &first, &last)
            if let pointer = unsafe ps_seg_word(current) {
                let word = unsafe String(cString: pointer)
                // <sil>, (NULL) and ++NOISE++ are not words; "one(2)" is the second way to say "one".
                if let head = word.first, head != "<", head != "(", head != "+" {
                    words.append(
                        Transcript.Word(
                            text: String(word.prefix { $0 != "(" }), startMilliseconds: Int(first) * 10,
                            endMilliseconds: Int(last + 1) * 10))
                }
            }
            unsafe segment = ps_seg_next(current)
        }
        return Decoded(score: Int(score), words: words)
    }

    struct Decoded {
        /// Log likelihood of the whole utterance; without words it means nothing.
        var score: Int
        var words: [Transcript.Word]
    }
}
