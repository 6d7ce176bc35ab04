/// What is wrong with a text that was said to be JSON (RFC 8259).
public enum JSONFault: String, Sendable, CaseIterable {
    /// The text ends inside a value.
    case unexpectedEnd = "the text ends inside a value"
    case expectedObject = "expected an object"
    case expectedKey = "expected a key in double quotes"
    case expectedColon = "expected a colon after a key"
    case expectedComma = "expected a comma or the end of the object or array"
    case expectedValue = "expected a value"
    case badEscape = "an escape in a string is none of JSON's"
    case controlCharacter = "a string holds a control character that is not escaped"
    case badNumber = "a number is not written as JSON asks"
    case tooDeep = "objects and arrays are nested too deeply"
    case trailingBytes = "something follows the value"
}
