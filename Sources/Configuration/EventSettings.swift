import Foundation

/// Where a tenant's own webhook is, and what it is told.
public struct EventSettings: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case callStarted = "call.started"
        case turn = "call.turn"
        case callEnded = "call.ended"
        case transcriptReady = "transcript.ready"
        case recordingReady = "recording.ready"
    }

    /// https; http only to a loopback address or where `allowInsecure` says so.
    public var url: String
    /// Signs what is sent.
    public var secret: Secret
    /// Signs it too, while receivers go from one secret to the other.
    public var otherSecret: Secret?
    public var kinds = Set(Kind.allCases)
    /// What was said goes along with `call.turn` and `transcript.ready`.
    public var includesText = false
    public var allowInsecure = false
    /// The webhook may lie in a private network. A loopback address written in `url` needs no leave.
    public var allowPrivateAddresses = false
    /// An event that could not be delivered is given up when it is this old.
    public var giveUpHours = 72

    public init(url: String, secret: Secret) { (self.url, self.secret) = (url, secret) }

    /// Bytes of the shortest secret that is accepted.
    static let shortestSecret = 16

    /// nil when the file has no `events`.
    init?(reading fields: FieldReader) {
        defer { fields.finish() }
        guard fields.isPresent else { return nil }
        let secret = fields.secret("secret")
        if secret == nil, !fields.has("secret") {
            fields.report("secret", "is missing; receivers tell by it that an event is ours")
        }
        self.init(url: fields.optionalString("url", literally: true) ?? "", secret: secret ?? Secret(""))
        otherSecret = fields.secret("otherSecret")
        for (name, secret) in [("secret", secret), ("otherSecret", otherSecret)] {
            if let secret, secret.reveal().utf8.count < Self.shortestSecret {
                fields.report(name, "is shorter than \(Self.shortestSecret) characters")
            }
        }
        allowInsecure = fields.boolean("allowInsecure", default: false)
        HTTPTool.checkAddress(url, fields, allowInsecure: allowInsecure)
        allowPrivateAddresses = fields.boolean("allowPrivateAddresses", default: false)
        includesText = fields.boolean("includeText", default: false)
        giveUpHours = fields.integer("giveUpHours", in: 1...720, default: giveUpHours)
        if fields.has("kinds") {
            kinds = []
            let names = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            for (name, mark) in fields.strings("kinds") {
                if let kind = Kind(rawValue: name) {
                    kinds.insert(kind)
                } else {
                    fields.document.report(
                        mark, fields.field("kinds"), "`\(name)` is no kind of event; expected of: \(names)")
                }
            }
        }
    }

    func write(into fields: YAMLFields) {
        fields.fields("events") {
            $0.text("url", url)
            $0.secret("secret", secret)
            $0.secret("otherSecret", otherSecret)
            $0.texts("kinds", Kind.allCases.filter(kinds.contains).map(\.rawValue))
            $0.boolean("includeText", includesText)
            $0.boolean("allowInsecure", allowInsecure)
            $0.boolean("allowPrivateAddresses", allowPrivateAddresses)
            $0.number("giveUpHours", giveUpHours)
        }
    }

    /// The address names this machine itself.
    public var isLoopback: Bool { URLComponents(string: url)?.host.map(Hosts.isLoopback) ?? false }
}
