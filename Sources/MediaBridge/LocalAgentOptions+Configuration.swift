public import Configuration
import Foundation
public import LocalAgent

extension LocalAgentOptions {
    /// The agent that a configuration asks for: its script, and the chat endpoint for what the script does not answer.
    /// - Throws: when the script cannot be read.
    public init(_ configuration: AgentConfiguration) throws {
        self.init()
        if let path = configuration.script {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw ServiceError("agent.script: cannot read \(path)")
            }
            script = try PhraseScript(text: text, file: path)
        }
        if let asked = configuration.chat {
            guard let url = URL(string: asked.url), url.host != nil else {
                throw ServiceError("agent.chat.url: \(asked.url), expected an http or https address")
            }
            chat = ChatEndpoint(url: url, model: asked.model, apiKey: asked.apiKey?.reveal())
        }
    }
}
