import Foundation

/// Whether a text can be in a language, by its letters; and languages by the names engines give them.
public enum TranscriptLanguage {
    /// Too few letters say nothing.
    static let fewestLetters = 8

    /// - Parameters:
    ///   - language: ISO 639-1.
    ///   - named: what the engine says it heard: a code or an English name; nil when it says nothing.
    /// - Returns: nil when it cannot be told.
    public static func matches(_ text: String, language: String, named: String? = nil) -> Bool? {
        if let named, let code = code(of: named) { return code == language }
        var ours = 0, others = 0
        for scalar in text.unicodeScalars where scalar.properties.isAlphabetic {
            if isLetter(scalar, of: language) { ours += 1 } else { others += 1 }
        }
        guard ours + others >= fewestLetters else { return nil }
        return ours >= others
    }

    /// `english`, `English`, `en` and `en-US` are all `en`.
    static func code(of name: String) -> String? {
        let lower = name.lowercased()
        let head = String(lower.prefix { $0 != "-" && $0 != "_" })
        if head.utf8.count == 2 { return head }
        return codes[lower]
    }

    private static let codes: [String: String] = {
        let english = Locale(identifier: "en")
        var codes: [String: String] = [:]
        for code in Locale.LanguageCode.isoLanguageCodes.map(\.identifier) where code.utf8.count == 2 {
            if let name = english.localizedString(forLanguageCode: code) { codes[name.lowercased()] = code }
        }
        return codes
    }()

    private static func isLetter(_ scalar: Unicode.Scalar, of language: String) -> Bool {
        switch language {
        case "he", "yi": (0x0590...0x05FF).contains(scalar.value) || (0xFB1D...0xFB4F).contains(scalar.value)
        case "ar", "fa", "ur", "ps", "ug":
            (0x0600...0x077F).contains(scalar.value) || (0xFB50...0xFEFF).contains(scalar.value)
        case "ru", "uk", "bg", "be", "mk", "kk", "ky", "mn": (0x0400...0x052F).contains(scalar.value)
        case "el": (0x0370...0x03FF).contains(scalar.value) || (0x1F00...0x1FFF).contains(scalar.value)
        case "hi", "mr", "ne": (0x0900...0x097F).contains(scalar.value)
        case "th": (0x0E00...0x0E7F).contains(scalar.value)
        case "ko": (0x1100...0x11FF).contains(scalar.value) || (0xAC00...0xD7A3).contains(scalar.value)
        case "zh": (0x3400...0x9FFF).contains(scalar.value)
        case "ja": (0x3040...0x30FF).contains(scalar.value) || (0x3400...0x9FFF).contains(scalar.value)
        // Not told apart: languages written in Latin letters, and those in two scripts.
        case "sr", "az", "uz", "bn", "ta", "te", "ml", "kn", "gu", "pa", "si", "my", "km", "lo", "ka", "hy", "am": true
        default: scalar.value <= 0x024F || (0x1E00...0x1EFF).contains(scalar.value)
        }
    }
}
