import Foundation

/// The table of docs/OWNERSHIP.md, and the sources it speaks of.
struct OwnershipTable {
    struct Fact: Sendable {
        var name: String
        /// Paths from the root of the repository.
        var writers: Set<String>
        var pattern: String
    }

    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    static func page() throws -> String {
        try String(contentsOf: root.appending(path: "docs/OWNERSHIP.md"), encoding: .utf8)
    }

    /// What keeps the eight promises: names of tests, and paths.
    static func keepers() throws -> [(promise: String, names: [String])] {
        let page = try page()
        guard let start = page.range(of: "| promise |") else { return [] }
        return page[start.upperBound...].split(separator: "\n").dropFirst(2).compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return line.hasPrefix("|") && cells.count == 2 ? (cells[0], codes(cells[1])) : nil
        }
    }

    /// Whether a path is there, or a test of exactly that name.
    static func exists(_ name: String, tests: String) -> Bool {
        name.contains("/") && !name.contains(" ")
            ? FileManager.default.fileExists(atPath: root.appending(path: name).path)
            : tests.contains("func `\(name)`(")
    }

    /// All that stands in test sources.
    static func tests() throws -> String {
        let folder = root.appending(path: "Tests")
        var text = ""
        for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!
        where file.pathExtension == "swift" {
            text += try String(contentsOf: file, encoding: .utf8)
        }
        return text
    }

    /// Rows of three cells whose second names Swift files.
    static func facts() throws -> [Fact] {
        let page = try page()
        return page.split(separator: "\n").compactMap { line -> Fact? in
            // A bar inside a cell is written `\|`.
            let cells = line.replacing("\\|", with: "\u{0}").split(separator: "|").map {
                $0.replacing("\u{0}", with: "|").trimmingCharacters(in: .whitespaces)
            }
            guard line.hasPrefix("|"), cells.count == 3 else { return nil }
            let writers = codes(cells[1]).filter { $0.hasSuffix(".swift") }
            guard !writers.isEmpty, let pattern = codes(cells[2]).first else { return nil }
            return Fact(name: cells[0], writers: Set(writers), pattern: pattern)
        }
    }

    /// Every Swift file under `Sources`, without its comments. Migrations are left out: they rewrite what is there.
    static func sources() throws -> [String: String] {
        let folder = root.appending(path: "Sources")
        var sources: [String: String] = [:]
        for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)! {
            guard file.pathExtension == "swift", !file.path.contains("+Migration") else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            let path = "Sources" + file.path.dropFirst(folder.path.count)
            sources[path] = text.split(separator: "\n", omittingEmptySubsequences: false)
                .filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
        }
        return sources
    }

    /// Files in which the pattern stands.
    static func files(with pattern: String, in sources: [String: String]) throws -> Set<String> {
        // ICU's: Swift's own needs seconds for this in a debug build.
        let expression = try NSRegularExpression(pattern: pattern)
        return Set(
            sources.filter { source in
                let whole = NSRange(source.value.startIndex..., in: source.value)
                return expression.firstMatch(in: source.value, range: whole) != nil
            }.keys)
    }

    private static func codes(_ cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
    }
}
