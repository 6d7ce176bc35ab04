import Synchronization

/// Something that is asked for by its name.
public protocol NamedStage: Sendable {
    /// ASCII letters, digits, `-`, `_` and `.`; as it stands in a configuration.
    var name: String { get }
}

/// What can be plugged in for one role, by name: what is built in, what a host program adds, what a configuration names.
///
/// Any thread, but never inside a tick: it locks.
public final class StageCatalog<Entry: NamedStage>: Sendable {
    private let held: Mutex<[Entry]>

    /// - Parameter entries: no two of one name.
    public init(_ entries: [Entry] = []) { held = Mutex(entries) }

    /// In the order in which they came.
    public var entries: [Entry] { held.withLock { $0 } }

    public subscript(name: String) -> Entry? { held.withLock { $0.first { $0.name == name } } }

    /// - Returns: false when the name is taken, or no name: nothing is added then.
    @discardableResult public func add(_ entry: Entry) -> Bool {
        guard Self.isName(entry.name) else { return false }
        return held.withLock { entries in
            guard !entries.contains(where: { $0.name == entry.name }) else { return false }
            entries.append(entry)
            return true
        }
    }

    /// Whether `name` may stand in a configuration.
    public static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
