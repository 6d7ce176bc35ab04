/// One stage that is plugged in: a name for tenants to ask for, and the door that it comes through.
public struct PlugInSettings: Sendable, Equatable {
    /// Where it runs, and how it is reached.
    public enum Door: Sendable, Equatable {
        /// One of the engines that `media-bridge stages` lists, with options of its own.
        case engine(String)
        /// A program and its arguments: audio on its standard input, JSON lines on its standard output.
        case program([String])
        /// A shared object of media_bridge_stage.h, absolute path. Inline: inside the service, else in a process of its own.
        case library(String, isInline: Bool)
        /// A WebSocket server, ws:// or wss://.
        case server(String)
    }

    public var name: String
    public var door: Door
    public var options: [String: String] = [:]
    /// Of a recogniser's engine that wants one.
    public var apiKey: Secret?
    /// How far an answer may lie behind before the fallback decides.
    public var timeoutMilliseconds = 200
    /// Until a program has introduced itself.
    public var startSeconds = 20
    /// A program that holds more is started again.
    public var memoryMegabytes = 1_024
    /// What `media-bridge check-stage` wrote of a library that is to run inline; absolute.
    public var record: String?

    public init(name: String, door: Door) { (self.name, self.door) = (name, door) }

    // MARK: In the file

    init(reading fields: FieldReader) {
        name = fields.requiredString("name")
        door = .engine("")
        let doors = ["engine", "program", "library", "url"].filter { fields.has($0) }
        if doors.count != 1 {
            fields.report(
                doors.last ?? "name", "has \(doors.count) doors; one of engine, program, library and url was expected")
        }
        let isInline = fields.boolean("inline", default: false)
        if let engine = fields.optionalString("engine") { door = .engine(engine) }
        if fields.has("program") {
            let words = fields.strings("program").map(\.text)
            if words.first?.isEmpty != false {
                fields.report("program", "is empty; a program and its arguments were expected")
            }
            door = .program(words.isEmpty ? [""] : words)
        }
        if let library = fields.filePath("library", mustExist: true) { door = .library(library, isInline: isInline) }
        if let url = fields.optionalString("url") {
            if !url.hasPrefix("ws://"), !url.hasPrefix("wss://") {
                fields.report("url", "`\(url)` does not fit; ws:// or wss:// was expected")
            }
            door = .server(url)
        }
        if isInline, !fields.has("library") { fields.report("inline", "is of a `library` alone") }
        record = fields.filePath("record", mustExist: true)
        if isInline, record == nil, !fields.has("record") {
            fields.report(
                "record", "is missing; `inline: true` needs the file that `media-bridge check-stage --record` wrote")
        }
        if !isInline, fields.has("record") { fields.report("record", "is only read with `inline: true`") }
        timeoutMilliseconds = fields.integer("timeoutMilliseconds", in: 20...2_000, default: timeoutMilliseconds)
        startSeconds = fields.integer("startSeconds", in: 1...300, default: startSeconds)
        memoryMegabytes = fields.integer("memoryMegabytes", in: 16...1_048_576, default: memoryMegabytes)
        apiKey = fields.secret("apiKey")
        if fields.has("apiKey"), !fields.has("engine") { fields.report("apiKey", "is of an `engine` alone") }
        let given = fields.fields("options")
        if given.has("apiKey") {
            given.report("apiKey", "is no option: `apiKey: ${NAME}` beside `engine` was expected")
        }
        for key in given.ownNames() { if let text = given.optionalString(key) { options[key] = text } }
        given.finish()
        fields.finish()
    }

    func write(into fields: YAMLFields) {
        fields.text("name", name)
        switch door {
        case .engine(let engine): fields.text("engine", engine)
        case .program(let words): fields.texts("program", words)
        case .library(let path, let isInline):
            fields.text("library", path)
            fields.boolean("inline", isInline)
        case .server(let url): fields.text("url", url)
        }
        if let record { fields.text("record", record) }
        fields.secret("apiKey", apiKey)
        fields.number("timeoutMilliseconds", timeoutMilliseconds)
        fields.number("startSeconds", startSeconds)
        fields.number("memoryMegabytes", memoryMegabytes)
        if !options.isEmpty {
            fields.fields("options") {
                for (key, value) in options.sorted(by: { $0.key < $1.key }) { $0.text(key, value) }
            }
        }
    }
}

/// The stages that a configuration plugs in, by role.
public struct PlugInConfiguration: Sendable, Equatable {
    public var detectors: [PlugInSettings] = []
    public var recognizers: [PlugInSettings] = []

    public init() {}

    init(reading fields: FieldReader) {
        detectors = Self.read("detectors", fields)
        recognizers = Self.read("recognizers", fields)
        fields.finish()
    }

    private static func read(_ key: String, _ fields: FieldReader) -> [PlugInSettings] {
        var names: Set<String> = []
        return fields.list(key).map { item in
            let settings = PlugInSettings(reading: item)
            if key == "detectors", settings.apiKey != nil { item.report("apiKey", "is of recognisers alone") }
            if !settings.name.isEmpty, !names.insert(settings.name).inserted {
                item.report("name", "`\(settings.name)` is taken by another one")
            }
            if !isName(settings.name), !settings.name.isEmpty {
                item.report(
                    "name",
                    "`\(settings.name)` does not fit; up to 64 of ASCII letters, digits, `-`, `_` and `.` were expected"
                )
            }
            return settings
        }
    }

    private static func isName(_ name: String) -> Bool {
        name.utf8.count <= 64
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    }

    func write(into fields: YAMLFields) {
        fields.list("detectors", detectors) { $1.write(into: $0) }
        fields.list("recognizers", recognizers) { $1.write(into: $0) }
    }
}
