import Foundation
import Yams

extension ServiceConfiguration {
    /// The same as `effectiveYAML`, for scripts: names sorted, one document.
    public func effectiveJSON(redactingSecrets: Bool = true) -> String {
        // Written by this service a moment ago: it is YAML, and holds nothing that JSON cannot.
        guard let value = try? Yams.load(yaml: effectiveYAML(redactingSecrets: redactingSecrets)),
            JSONSerialization.isValidJSONObject(value),
            let data = try? JSONSerialization.data(
                withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        else { preconditionFailure("the effective configuration is no tree of names and values") }
        return String(decoding: data, as: UTF8.self)
    }
}
