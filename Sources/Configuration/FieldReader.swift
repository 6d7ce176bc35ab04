import Foundation
import Yams

/// What all readers of one file share: its name, the environment, and the problems found so far.
final class ConfigurationDocument {
    let file: String
    /// Relative paths in the file start here.
    let directory: String
    let environment: [String: String]
    private(set) var problems = [ConfigurationError.Problem]()
    /// Files that this one names, whose problems are told after its own.
    private var included = [ConfigurationDocument]()

    init(file: String, directory: String, environment: [String: String]) {
        (self.file, self.directory, self.environment) = (file, directory, environment)
    }

    func include(_ file: String) -> ConfigurationDocument {
        let document = ConfigurationDocument(file: file, directory: directory, environment: environment)
        included.append(document)
        return document
    }

    func add(_ problem: ConfigurationError.Problem) { problems.append(problem) }

    func report(_ mark: Mark?, _ field: String, _ message: String) {
        problems.append(.init(file: file, line: mark?.line, column: mark?.column, field: field, message: message))
    }

    /// In the order of the file; fields of one line as they were found. Then those of each included file.
    var sortedProblems: [ConfigurationError.Problem] {
        included.reduce(sortedOwnProblems) { $0 + $1.sortedProblems }
    }

    private var sortedOwnProblems: [ConfigurationError.Problem] {
        problems.enumerated().sorted {
            let left = ($0.element.line ?? 0, $0.element.column ?? 0, $0.offset)
            return left < ($1.element.line ?? 0, $1.element.column ?? 0, $1.offset)
        }.map(\.element)
    }

    func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : URL(fileURLWithPath: directory).appendingPathComponent(path).standardized.path
    }
}

/// Reads the fields of one mapping. A field asked for is a field known; `finish` refuses all others by name.
final class FieldReader {
    let document: ConfigurationDocument
    let path: String
    private let mapping: Node.Mapping?
    private let mark: Mark?
    private var known = [String]()

    /// - Parameter node: nil for a mapping that the file leaves out: every field is then absent.
    init(_ node: Node?, path: String, document: ConfigurationDocument, parentMark: Mark? = nil) {
        (self.path, self.document) = (path, document)
        mark = node?.mark ?? parentMark
        mapping = node?.mapping
        if let node, mapping == nil, !Self.isEmpty(node) {
            document.report(node.mark, path, "\(Self.describe(node)); fields were expected (`name: value`)")
        }
    }

    var isPresent: Bool { mapping != nil }

    /// Refuses what nobody asked for.
    func finish() {
        for (key, _) in mapping ?? .init([]) {
            let name = key.scalar?.string ?? "?"
            guard !known.contains(name) else { continue }
            let hint =
                Spelling.nearest(to: name, in: known).map { "did you mean `\($0)`?" }
                ?? "expected one of: \(known.joined(separator: ", "))"
            document.report(key.mark, field(name), "unknown field; \(hint)")
        }
    }

    /// Reports a problem with the value of `key`, or with the mapping when the field is absent.
    func report(_ key: String, _ message: String) {
        document.report(mapping?[key]?.mark ?? mark, field(key), message)
    }

    func has(_ key: String) -> Bool {
        if !known.contains(key) { known.append(key) }
        return mapping?[key] != nil
    }

    // MARK: Values

    func string(_ key: String, default value: String) -> String { optionalString(key) ?? value }

    func requiredString(_ key: String) -> String {
        if let text = optionalString(key) { return text }
        if !has(key) { report(key, "is missing") }
        return ""
    }

    /// - Parameter literally: `${NAME}` stays as it is written: for prose.
    func optionalString(_ key: String, literally: Bool = false) -> String? {
        guard let node = value(key) else { return nil }
        return text(node, field(key), literally: literally)
    }

    func strings(_ key: String) -> [(text: String, mark: Mark?)] {
        guard let node = value(key) else { return [] }
        guard case .sequence(let items) = node else {
            report(key, "\(Self.describe(node)); a list was expected (`[a, b]`)")
            return []
        }
        return items.enumerated().compactMap { index, item in
            text(item, "\(field(key))[\(index)]", literally: false).map { ($0, item.mark) }
        }
    }

    /// Texts by names that are the writer's own, in the order of the file.
    func namedTexts(_ key: String) -> [(name: String, text: String)] {
        guard let node = value(key) else { return [] }
        guard case .mapping(let pairs) = node else {
            report(key, "\(Self.describe(node)); fields were expected (`Name: value`)")
            return []
        }
        return pairs.compactMap { name, value in
            let name = name.scalar?.string ?? ""
            return text(value, "\(field(key)).\(name)", literally: false).map { (name, $0) }
        }
    }

    /// Names that are the writer's own, in the order of the file: all of them are known then.
    func ownNames() -> [String] {
        let names = (mapping ?? .init([])).map { $0.key.scalar?.string ?? "" }
        known += names
        return names
    }

    func integer(_ key: String, in range: ClosedRange<Int>, default value: Int) -> Int {
        optionalInteger(key, in: range) ?? value
    }

    func optionalInteger(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let node = value(key) else { return nil }
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound) was expected"
        guard let scalar = node.scalar, scalar.style == .plain, let number = Int(scalar.string) else {
            report(key, "\(Self.describe(node)); \(expected)")
            return nil
        }
        guard range.contains(number) else {
            report(key, "\(number) is out of range; \(expected)")
            return nil
        }
        return number
    }

    func number(_ key: String, in range: ClosedRange<Double>, default value: Double) -> Double {
        guard let node = self.value(key) else { return value }
        guard let scalar = node.scalar, scalar.style == .plain, let number = Double(scalar.string),
            range.contains(number)
        else {
            report(
                key,
                "\(Self.describe(node)); a number from \(range.lowerBound) to \(range.upperBound) was expected")
            return value
        }
        return number
    }

    func boolean(_ key: String, default value: Bool) -> Bool {
        guard let node = self.value(key) else { return value }
        switch (node.scalar?.style, node.scalar?.string) {
        case (.plain, "true"): return true
        case (.plain, "false"): return false
        default:
            report(key, "\(Self.describe(node)); true or false was expected")
            return value
        }
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, default value: Choice) -> Choice {
        guard let node = self.value(key) else { return value }
        if let text = node.scalar?.string, let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        report(key, "\(Self.describe(node)); one of \(names) was expected")
        return value
    }

    /// One of a few whole numbers.
    func oneOf(_ key: String, _ choices: [Int], default value: Int) -> Int {
        guard let node = self.value(key) else { return value }
        if let number = node.scalar.flatMap({ Int($0.string) }), choices.contains(number) { return number }
        let names = choices.map(String.init).joined(separator: ", ")
        report(key, "\(Self.describe(node)); one of \(names) was expected")
        return value
    }

    /// A secret stands in the environment, never in the file.
    func secret(_ key: String) -> Secret? {
        guard let node = value(key) else { return nil }
        let written = node.scalar?.string ?? ""
        guard written.hasPrefix("${"), written.hasSuffix("}"), written.count > 3 else {
            // The value is not repeated: it may well be the secret.
            report(key, "a secret is not written here; `${NAME}` was expected, the name of an environment variable")
            return nil
        }
        let name = String(written.dropFirst(2).dropLast())
        return variable(name, field(key), node.mark).map { Secret($0, variable: name) }
    }

    /// A path, made absolute from the directory of the file.
    func filePath(_ key: String, mustExist: Bool = false) -> String? {
        guard let written = optionalString(key) else { return nil }
        let path = document.absolute(written)
        if mustExist, !FileManager.default.fileExists(atPath: path) { report(key, "no such file: \(path)") }
        return path
    }

    /// The fields below `key`. A section whose fields are all commented out is an absent one.
    func fields(_ key: String) -> FieldReader {
        FieldReader(has(key) ? mapping?[key] : nil, path: field(key), document: document, parentMark: mark)
    }

    func list(_ key: String) -> [FieldReader] {
        guard let node = value(key) else { return [] }
        guard case .sequence(let items) = node else {
            report(key, "\(Self.describe(node)); a list was expected (`- name: value`)")
            return []
        }
        return items.enumerated().map { index, item in
            FieldReader(item, path: "\(field(key))[\(index)]", document: document)
        }
    }

    // MARK: Below

    func field(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private func value(_ key: String) -> Node? {
        guard has(key), let node = mapping?[key] else { return nil }
        if Self.isEmpty(node) { report(key, "is empty; leave the field out or give it a value") }
        return Self.isEmpty(node) ? nil : node
    }

    private func text(_ node: Node, _ field: String, literally: Bool) -> String? {
        guard let written = node.scalar?.string else {
            document.report(node.mark, field, "\(Self.describe(node)); text was expected")
            return nil
        }
        guard !literally, written.contains("${") else { return written }
        var result = ""
        var rest = written[...]
        while let start = rest.range(of: "${") {
            result += rest[..<start.lowerBound]
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                document.report(node.mark, field, "`${` without `}`")
                return nil
            }
            guard let value = variable(String(rest[start.upperBound..<end]), field, node.mark) else { return nil }
            result += value
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private func variable(_ name: String, _ field: String, _ mark: Mark?) -> String? {
        guard let value = document.environment[name] else {
            document.report(mark, field, "the environment variable \(name) is not set")
            return nil
        }
        guard !value.isEmpty else {
            document.report(mark, field, "the environment variable \(name) is empty")
            return nil
        }
        return value
    }

    private static func isEmpty(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain else { return false }
        return scalar.string.isEmpty || scalar.string == "~" || scalar.string == "null"
    }

    private static func describe(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar):
            scalar.string.count > 60 ? "this text does not fit" : "`\(scalar.string)` does not fit"
        case .mapping: "these fields do not fit"
        case .sequence: "this list does not fit"
        case .alias: "this alias does not fit"
        }
    }
}
