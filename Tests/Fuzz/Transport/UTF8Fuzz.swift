/// First byte: where the rest is cut. The judgement must be the standard library's.
func fuzzUTF8(_ input: borrowing Span<UInt8>) {
    guard input.count >= 1 else { return }
    let text = (1..<input.count).map { input[$0] }
    let cut = min(Int(input[0]), text.count)
    var validator = UTF8Validator()
    let isValid =
        validator.append(text.span.extracting(0..<cut)) && validator.append(text.span.extracting(cut..<text.count))
        && validator.isComplete
    require(isValid == (String(validating: text, as: UTF8.self) != nil), "isValid: \(isValid)")
}
