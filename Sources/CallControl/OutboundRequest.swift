import Configuration
import Conversation
import Foundation

/// What `POST /api/v1/calls` asks for, checked against the tenant.
struct OutboundRequest {
    var tenant: Tenant
    var to: String
    var from: String
    var context: String
    var detection: MachineDetection

    /// What was wrong, with what was expected.
    struct Problem: Error, Equatable {
        var field: String
        var text: String
    }

    static let fields: Set<String> = ["tenant", "to", "from", "context", "machineDetection"]

    init(body: [UInt8], tenants: TenantDirectory.Snapshot) throws(Problem) {
        let object = try JSONFields(body, allowed: Self.fields)
        let id = try object.text("tenant", "the id of a tenant")
        guard let tenant = tenants.tenant(id: id) else {
            throw Problem(field: "tenant", text: "\(JSONFields.shown(id)) is none; the id of a tenant was expected")
        }
        self.tenant = tenant
        guard tenant.outbound != nil else {
            throw Problem(
                field: "tenant", text: "`\(tenant.id)` has no `outbound` section: nothing is written for calls it makes"
            )
        }
        to = try object.text("to", "a number in E.164")
        guard Self.isE164(to) else {
            throw Problem(
                field: "to", text: "\(JSONFields.shown(to)) does not fit; E.164 was expected, as in +15005550006")
        }
        let numbers = tenant.numbers.joined(separator: ", ")
        from = try object.optionalText("from", "one of the tenant's numbers") ?? tenant.numbers.first ?? ""
        guard tenant.numbers.contains(from) else {
            throw Problem(
                field: "from", text: "\(JSONFields.shown(from)) is not the tenant's; one of \(numbers) was expected")
        }
        guard to != from else { throw Problem(field: "to", text: "is the number that calls; another was expected") }
        context = try object.optionalText("context", "words about the person called") ?? ""
        do throws(PromptError) { context = try PromptBuilder.callerContext(context) } catch {
            throw Problem(field: "context", text: "\(error)")
        }
        let policy = tenant.conversationPolicy.answeringMachine
        detection = tenant.dialling.machineDetection ?? (policy == .ignore ? .off : .whileConnected)
        let choices = MachineDetection.allCases.map(\.rawValue).joined(separator: ", ")
        if let name = try object.optionalText("machineDetection", "one of \(choices)") {
            guard let choice = MachineDetection(rawValue: name) else {
                throw Problem(
                    field: "machineDetection", text: "\(JSONFields.shown(name)) is none; one of \(choices) was expected"
                )
            }
            detection = choice
        }
    }

    /// ITU-T E.164: a plus sign and up to 15 digits, the first of them not 0.
    static func isE164(_ text: String) -> Bool {
        guard text.first == "+", (8...16).contains(text.utf8.count) else { return false }
        let digits = text.utf8.dropFirst()
        return digits.first != UInt8(ascii: "0") && digits.allSatisfy { (0x30...0x39).contains($0) }
    }
}

/// A flat JSON object of an operator's request. Unknown fields are refused: a misspelt one would be ignored in silence.
struct JSONFields {
    private let values: [String: Any]

    init(_ body: [UInt8], allowed: Set<String>) throws(OutboundRequest.Problem) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else {
            throw OutboundRequest.Problem(field: "body", text: "a JSON object was expected")
        }
        let names = allowed.sorted().joined(separator: ", ")
        for name in object.keys.sorted() where !allowed.contains(name) {
            throw OutboundRequest.Problem(field: String(name.prefix(64)), text: "is unknown; known are \(names)")
        }
        values = object
    }

    func text(_ name: String, _ expected: String) throws(OutboundRequest.Problem) -> String {
        guard let text = try optionalText(name, expected) else {
            throw OutboundRequest.Problem(field: name, text: "is missing; \(expected) was expected")
        }
        return text
    }

    func optionalText(_ name: String, _ expected: String) throws(OutboundRequest.Problem) -> String? {
        guard let value = values[name], !(value is NSNull) else { return nil }
        guard let text = value as? String else {
            throw OutboundRequest.Problem(field: name, text: "is no string; \(expected) was expected")
        }
        return text
    }

    /// For an error message: short.
    static func shown(_ value: String) -> String { "`\(value.prefix(64))`" }
}
