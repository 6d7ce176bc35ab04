extension PromptBuilder {
    /// "Answer in Hebrew.": the language by its English name, or by its code when we know no name.
    static func languageRule(_ code: String) -> String {
        guard !code.isEmpty else { return "" }
        let name = languageNames.first { $0.code == code }?.name ?? "the language with the code \(code)"
        return "Answer in \(name), unless the caller asks for another language."
    }

    /// ISO 639-1 codes with their English names: the languages that common realtime models speak.
    static let languageNames: [(code: String, name: String)] = [
        ("ar", "Arabic"), ("bg", "Bulgarian"), ("cs", "Czech"), ("da", "Danish"), ("de", "German"), ("el", "Greek"),
        ("en", "English"), ("es", "Spanish"), ("et", "Estonian"), ("fa", "Persian"), ("fi", "Finnish"),
        ("fr", "French"), ("he", "Hebrew"), ("hi", "Hindi"), ("hr", "Croatian"), ("hu", "Hungarian"),
        ("id", "Indonesian"), ("it", "Italian"), ("ja", "Japanese"), ("ko", "Korean"), ("lt", "Lithuanian"),
        ("lv", "Latvian"), ("nl", "Dutch"), ("no", "Norwegian"), ("pl", "Polish"), ("pt", "Portuguese"),
        ("ro", "Romanian"), ("ru", "Russian"), ("sk", "Slovak"), ("sl", "Slovenian"), ("sr", "Serbian"),
        ("sv", "Swedish"), ("th", "Thai"), ("tr", "Turkish"), ("uk", "Ukrainian"), ("ur", "Urdu"),
        ("vi", "Vietnamese"), ("yi", "Yiddish"), ("zh", "Chinese"),
    ]
}
