/// Takes out of a text what is no part of any language, and leaves every script as it is: nothing is normalised, no
/// combining mark, joiner or presentation selector is touched.
///
/// - Removed: control characters (but line feed and tab), byte order marks, interlinear and deprecated format characters,
///   noncharacters, tag characters outside a flag's sequence (text that nobody sees), and markers that models read as
///   structure (`<|im_start|>`, `[INST]`), also those that only come about when another one has been removed.
/// - Made line feeds: CR LF, CR, vertical tab, form feed, next line, line and paragraph separators.
/// - Directional: the marks LRM, RLM and ALM stay, they belong to mixed text and have no scope. Embeddings, overrides and
///   isolates go: a model reads the logical order, to which they say nothing, while they can show a person who checks the
///   prompt other words than the model is told.
/// - Kept on purpose: zero-width joiner and non-joiner (emoji, Devanagari, Persian), zero-width space (Khmer, Thai), word
///   joiner, soft hyphen, variation selectors, private use.
/// - Source: Unicode 16 chapters 5.22, 23; UTS #51 (emoji tag sequences); Boucher and Anderson, Trojan Source (2021).
enum PromptText {
    /// Cleaned, without blanks at both ends.
    static func cleaned(_ text: String) -> String {
        // Most English texts: nothing to remove, and no bracket that could end a marker.
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x3E && $0 != 0x5D || $0 == 0x0A || $0 == 0x09 })
        {
            let start = text.unicodeScalars.firstIndex { !isBlank($0) } ?? text.endIndex
            let last = text.unicodeScalars.lastIndex { !isBlank($0) }
            return String(text.unicodeScalars[start..<(last.map(text.unicodeScalars.index(after:)) ?? start)])
        }
        let scalars = Array(text.unicodeScalars)
        var kept: [Unicode.Scalar] = []
        kept.reserveCapacity(scalars.count)
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            switch fate(of: scalar, before: index + 1 < scalars.count ? scalars[index + 1] : nil) {
            case .kept:
                kept.append(scalar)
                if scalar == ">" || scalar == "]" { removeMarker(atEndOf: &kept) }
                if scalar == blackFlag {
                    let length = tagSequenceLength(scalars[(index + 1)...])
                    kept += scalars[(index + 1)..<(index + 1 + length)]
                    index += length
                }
            case .newline: kept.append("\n")
            case .removed: break
            }
            index += 1
        }
        let start = kept.firstIndex { !isBlank($0) } ?? kept.endIndex
        let end = kept.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
        var result = String.UnicodeScalarView()
        result.append(contentsOf: kept[start..<max(start, end)])
        return String(result)
    }

    /// In one line.
    static func line(_ text: String) -> String {
        cleaned(String(text.map { $0.isNewline ? " " : $0 }))
    }

    private enum Fate { case kept, newline, removed }

    private static func fate(of scalar: Unicode.Scalar, before next: Unicode.Scalar?) -> Fate {
        switch scalar.value {
        case 0x09, 0x0A: .kept
        case 0x0D: next == "\n" ? .removed : .newline
        case 0x0B, 0x0C, 0x85, 0x2028, 0x2029: .newline
        case 0x00...0x1F, 0x7F...0x9F: .removed
        case 0x202A...0x202E, 0x2066...0x2069: .removed  // Embeddings, overrides, isolates.
        case 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFB: .removed
        case 0xFDD0...0xFDEF, 0xE0000...0xE007F: .removed  // Noncharacters; tags that follow no flag.
        case let value where value & 0xFFFE == 0xFFFE: .removed
        default: .kept
        }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\n" || scalar == "\t" }

    // MARK: Flags of regions: a black flag, tag letters and digits, a cancel tag

    private static let blackFlag: Unicode.Scalar = "\u{1F3F4}"

    /// 0 when no whole sequence follows.
    private static func tagSequenceLength(_ rest: ArraySlice<Unicode.Scalar>) -> Int {
        let tags = rest.prefix(7).prefix {
            (0xE0030...0xE0039).contains($0.value) || (0xE0061...0xE007A).contains($0.value)
        }
        guard (3...6).contains(tags.count), rest.dropFirst(tags.count).first?.value == 0xE007F else { return 0 }
        return tags.count + 1
    }

    // MARK: Markers

    private static let longestMarker = 64

    /// Markers without bars that common open models are trained on.
    private static let plainMarkers: [[Unicode.Scalar]] = [
        "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<s>", "</s>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>",
        "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]",
        "[TOOL_RESULTS]", "[/TOOL_RESULTS]",
    ].map { Array($0.unicodeScalars) }

    /// Looking back from each closing bracket finds markers within markers in one pass.
    private static func removeMarker(atEndOf kept: inout [Unicode.Scalar]) {
        if let length = barredLength(kept) ?? plainMarkers.first(where: { kept.suffix($0.count) == $0[...] })?.count {
            kept.removeLast(length)
        }
    }

    /// `<|name|>`, also with full-width bars.
    private static func barredLength(_ kept: [Unicode.Scalar]) -> Int? {
        guard kept.count >= 4, kept[kept.count - 1] == ">" else { return nil }
        let bar = kept[kept.count - 2]
        guard bar == "|" || bar == "\u{FF5C}" else { return nil }
        var index = kept.count - 3
        while index >= 1, kept.count - index <= longestMarker {
            let scalar = kept[index]
            if scalar == bar { return kept[index - 1] == "<" ? kept.count - index + 1 : nil }
            guard scalar != "<", scalar != ">", scalar != "\"", scalar != "\n" else { return nil }
            index -= 1
        }
        return nil
    }
}
