/// A remote MCP server that the provider connects to by itself.
/// Source: the OpenAI Realtime API's tools of type `mcp`.
public struct ModelRemoteServer: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    public var label: String
    public var url: String
    /// Sent by the provider; their values never show here.
    public var headers: [(name: String, value: String)]
    /// Nil: all that the server offers.
    public var allowedTools: [String]?
    /// The provider asks before each call.
    public var requiresApproval: Bool

    public init(
        label: String, url: String, headers: [(name: String, value: String)] = [], allowedTools: [String]? = nil,
        requiresApproval: Bool = false
    ) {
        (self.label, self.url, self.headers) = (label, url, headers)
        (self.allowedTools, self.requiresApproval) = (allowedTools, requiresApproval)
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.label == right.label && left.url == right.url && left.allowedTools == right.allowedTools
            && left.requiresApproval == right.requiresApproval
            && left.headers.elementsEqual(right.headers) { $0.name == $1.name && $0.value == $1.value }
    }

    public var description: String { "MCP server \(label)" }
    public var customMirror: Mirror { Mirror(self, children: ["label": label, "url": url]) }

    func write(_ json: inout JSONWriter) {
        json.object {
            $0.member("type", "mcp")
            $0.member("server_label", label)
            $0.member("server_url", url)
            if !headers.isEmpty {
                $0.member("headers") {
                    $0.object { for header in headers { $0.member(header.name, header.value) } }
                }
            }
            if let allowedTools {
                $0.member("allowed_tools") {
                    $0.array { for name in allowedTools { $0.element { $0.string(name) } } }
                }
            }
            $0.member("require_approval", requiresApproval ? "always" : "never")
        }
    }
}
