/// Why a recognizer could not be made or could not run: what, and in a sentence which one.
public struct RecognitionError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// A file of the acoustic model or the dictionary is not there.
        case modelMissing
        /// A phrase is empty, too long, or holds a character that no word has.
        case badPhrase
        /// A phrase holds a word that the dictionary does not know how to say.
        case unknownWord
        /// The utterance is longer than the engine takes at once.
        case utteranceTooLong
        /// The engine failed; nothing about the input explains it.
        case engine
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    public var description: String { message }
}
