/// Where a string, a key or a number stands in a JSON text: the bytes between the quotes, still escaped.
struct JSONSlice: Equatable {
    var lower: Int
    var upper: Int
    /// At least one backslash is inside: the bytes are not yet the text.
    var isEscaped: Bool

    var count: Int { upper - lower }
}
