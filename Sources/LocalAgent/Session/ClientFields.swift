/// Reads the members of an object a client sent, and says by path what is wrong with them.
struct ClientFields {
    let members: [String: JSONValue]
    /// Of the object itself; empty for the event.
    let path: String

    init(_ value: JSONValue, path: String) throws(ClientFault) {
        guard let members = value.object else { throw .kind(path, expected: "an object", got: value) }
        (self.members, self.path) = (members, path)
    }

    func path(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// Refuses members outside `names`.
    func allow(_ names: String...) throws(ClientFault) {
        if let stray = members.keys.filter({ !names.contains($0) }).min() { throw .unknown(path(stray)) }
    }

    func has(_ name: String) -> Bool { members[name] != nil }
    func isNull(_ name: String) -> Bool { members[name] == .null }

    /// Nil when absent or null.
    func fields(_ name: String) throws(ClientFault) -> ClientFields? {
        guard let value = members[name], value != .null else { return nil }
        return try ClientFields(value, path: path(name))
    }

    func string(_ name: String, maximumLength: Int = 1 << 20) throws(ClientFault) -> String? {
        guard let value = members[name], value != .null else { return nil }
        guard let string = value.string else { throw .kind(path(name), expected: "a string", got: value) }
        guard string.utf8.count <= maximumLength else {
            throw ClientFault(
                "string_above_max_length",
                "Invalid '\(path(name))': string too long. Expected at most \(maximumLength) bytes, got \(string.utf8.count).",
                param: path(name))
        }
        return string
    }

    func required(_ name: String, maximumLength: Int = 1 << 20) throws(ClientFault) -> String {
        guard let value = try string(name, maximumLength: maximumLength) else { throw .missing(path(name)) }
        return value
    }

    func choice(_ name: String, _ supported: [String]) throws(ClientFault) -> String? {
        guard let value = try string(name) else { return nil }
        guard supported.contains(value) else { throw .value(path(name), value, supported: supported) }
        return value
    }

    func bool(_ name: String) throws(ClientFault) -> Bool? {
        guard let value = members[name], value != .null else { return nil }
        guard let bool = value.bool else { throw .kind(path(name), expected: "a boolean", got: value) }
        return bool
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(ClientFault) -> Int? {
        guard let value = members[name], value != .null else { return nil }
        guard let integer = value.integer else { throw .kind(path(name), expected: "an integer", got: value) }
        if integer < range.lowerBound {
            throw bound(name, "integer_below_min_value", ">= \(range.lowerBound)", "\(integer)")
        }
        if integer > range.upperBound {
            throw bound(name, "integer_above_max_value", "<= \(range.upperBound)", "\(integer)")
        }
        return integer
    }

    func decimal(_ name: String, _ range: ClosedRange<Double>) throws(ClientFault) -> Double? {
        guard let value = members[name], value != .null else { return nil }
        guard let number = value.number else { throw .kind(path(name), expected: "a decimal", got: value) }
        if number < range.lowerBound {
            throw bound(name, "decimal_below_min_value", ">= \(range.lowerBound)", "\(number)")
        }
        if number > range.upperBound {
            throw bound(name, "decimal_above_max_value", "<= \(range.upperBound)", "\(number)")
        }
        return number
    }

    func array(_ name: String, maximumCount: Int) throws(ClientFault) -> [JSONValue]? {
        guard let value = members[name], value != .null else { return nil }
        guard let array = value.array else { throw .kind(path(name), expected: "an array", got: value) }
        guard array.count <= maximumCount else {
            throw ClientFault(
                "array_above_max_length",
                "Invalid '\(path(name))': array too long. Expected at most \(maximumCount) elements, got \(array.count).",
                param: path(name))
        }
        return array
    }

    private func bound(_ name: String, _ code: String, _ expected: String, _ got: String) -> ClientFault {
        ClientFault(code, "Invalid '\(path(name))': expected a value \(expected), but got \(got).", param: path(name))
    }
}
