/// What is wrong with a script: file, line and what was expected.
public struct PhraseScriptError: Error, Equatable, Sendable, CustomStringConvertible {
    public let file: String, line: Int, message: String
    public var description: String { "\(file):\(line): \(message)" }
}

extension PhraseScript {
    static let maximumTextBytes = 256 * 1024

    /// - Parameter file: its name, for errors.
    public init(text: String, file: String = "script") throws(PhraseScriptError) {
        guard text.utf8.count <= Self.maximumTextBytes else {
            throw PhraseScriptError(file: file, line: 1, message: "longer than \(Self.maximumTextBytes) bytes")
        }
        var general: [String: String] = [:]
        var entries: [(line: Int, fields: [String: String])] = []
        var number = 0
        func fault(_ message: String) -> PhraseScriptError {
            PhraseScriptError(file: file, line: number, message: message)
        }
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let trimmed = line.trimmed
            if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
            guard let colon = trimmed.firstIndex(of: ":") else {
                throw fault("\"\(trimmed.prefix(40))\": expected a field, a colon and a text")
            }
            let name = String(trimmed[..<colon].trimmed)
            let value = String(trimmed[trimmed.index(after: colon)...].trimmed)
            guard !value.isEmpty else { throw fault("\(name): nothing follows the colon") }
            switch name {
            case "hear": entries.append((number, ["hear": value]))
            case "say", "tool", "then":
                guard let last = entries.indices.last else { throw fault("\(name): belongs below a hear:") }
                guard entries[last].fields.updateValue(value, forKey: name) == nil else {
                    throw fault("\(name): twice for the same hear:")
                }
            case "greeting", "otherwise", "silence", "goodbye":
                guard general.updateValue(value, forKey: name) == nil else { throw fault("\(name): a second time") }
            default:
                throw fault(
                    "\(name): no such field; expected greeting, otherwise, silence, goodbye, hear, say, tool or then")
            }
        }
        var built: [Entry] = []
        for (line, fields) in entries {
            number = line
            let phrases = (fields["hear"] ?? "").split(separator: "|").map { String($0.trimmed) }.filter { !$0.isEmpty }
            guard !phrases.isEmpty else { throw fault("hear: no phrase") }
            guard let say = fields["say"] else { throw fault("hear: no say: follows it") }
            var tool: Tool?
            if let call = fields["tool"] {
                let name = String(call.prefix { $0 != " " && $0 != "{" })
                let arguments = String(call.dropFirst(name.count).trimmed)
                tool = Tool(name: name, arguments: arguments.isEmpty ? "{}" : arguments)
                let parsed = try? JSONReader.read(Array((tool?.arguments ?? "").utf8))
                guard !name.isEmpty, parsed?.object != nil else {
                    throw fault("tool: \"\(call.prefix(60))\": expected a name and a JSON object")
                }
            }
            built.append(Entry(hear: phrases, say: say, tool: tool, then: fields["then"]))
        }
        guard !built.isEmpty else { throw PhraseScriptError(file: file, line: 1, message: "no hear: in the script") }
        self.init(
            greeting: general["greeting"] ?? DefaultScript.script.greeting,
            otherwise: general["otherwise"] ?? DefaultScript.script.otherwise,
            silence: general["silence"] ?? DefaultScript.script.silence,
            goodbye: general["goodbye"] ?? DefaultScript.script.goodbye, entries: built)
    }
}

extension StringProtocol {
    fileprivate var trimmed: SubSequence {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[endIndex...] }
        return self[first...last]
    }
}
