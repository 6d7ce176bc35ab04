import Glibc

/// Where an acoustic model and its dictionary lie. The default is Debian's `pocketsphinx-en-us`.
public struct PocketsphinxModel: Equatable, Sendable {
    /// Directory that holds `mdef`, `means` and the rest.
    public var acousticModelDirectory: String
    public var dictionaryFile: String
    /// Of free dictation only.
    public var languageModelFile: String

    /// - Parameter directory: what holds `en-us/` and `cmudict-en-us.dict`.
    public init(directory: String = "/usr/share/pocketsphinx/model/en-us") {
        acousticModelDirectory = directory + "/en-us"
        dictionaryFile = directory + "/cmudict-en-us.dict"
        languageModelFile = directory + "/en-us.lm.bin"
    }

    /// The library says only that it failed, so what is missing is found before it is asked.
    func check() throws(RecognitionError) {
        for file in [acousticModelDirectory + "/mdef", acousticModelDirectory + "/means", dictionaryFile]
        where unsafe access(file, R_OK) != 0 {
            throw RecognitionError(
                .modelMissing,
                "speech model: cannot read \(file) (Debian package pocketsphinx-en-us, or set its directory)")
        }
    }
}
