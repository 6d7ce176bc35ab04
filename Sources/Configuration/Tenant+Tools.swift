public import Conversation
import Foundation

extension Tenant {
    /// What the model is told of this tenant's tools, and of no other's (R13). `end_call` is the prompt builder's.
    public var toolDefinitions: [ToolDefinition] {
        var definitions = tools.http.map {
            ToolDefinition(
                name: $0.name, description: $0.description, parameters: $0.parameters, filler: $0.filler,
                fillerMilliseconds: Int64($0.fillerMilliseconds),
                // The request has its own time; what is given here is for an answer that never comes.
                timeoutMilliseconds: Int64($0.timeoutMilliseconds) + 1_000)
        }
        if !tools.transfer.destinations.isEmpty { definitions.append(transferDefinition) }
        if tools.sendsDigits { definitions.append(Self.digitsDefinition) }
        return definitions
    }

    private var transferDefinition: ToolDefinition {
        let names = tools.transfer.destinations.map(\.name)
        let lines = tools.transfer.destinations.map { $0.purpose.isEmpty ? $0.name : "\($0.name) (\($0.purpose))" }
        let schema: [String: Any] = [
            "type": "object",
            "properties": ["destination": ["type": "string", "enum": names]],
            "required": ["destination"],
        ]
        let json = (try? JSONSerialization.data(withJSONObject: schema, options: [.sortedKeys])) ?? Data("{}".utf8)
        return ToolDefinition(
            name: "transfer_call",
            description: "Connect the caller with a person. First tell the caller, in the same answer. "
                + "If nobody can be reached you get the caller back. Destinations: \(lines.joined(separator: "; ")).",
            parameters: String(decoding: json, as: UTF8.self))
    }

    private static let digitsDefinition = ToolDefinition(
        name: "send_dtmf",
        description: "Press telephone keys for the other end to hear, for example in a voice menu. "
            + "Digits 0-9, * and #; w waits half a second, W a whole one.",
        parameters: #"{"properties":{"digits":{"maxLength":32,"pattern":"^[0-9*#wW]+$","type":"string"}},"#
            + #""required":["digits"],"type":"object"}"#)
}
