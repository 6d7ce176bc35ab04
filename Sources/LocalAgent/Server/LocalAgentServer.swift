import Foundation
import SpeechToText
public import Transport

/// An agent that speaks the OpenAI Realtime protocol (`/v1/realtime`), offline and without a key: it hears with
/// pocketsphinx, answers from a script and speaks with flite.
///
/// It is for trying out and testing what talks to the protocol: turns, barge-in, tools and errors go as with the real
/// service. It is no voice product: it knows the phrases of its script and no others, and sounds like a machine.
///
/// - Thread: any. Sockets live on its event loops, everything slow on worker threads.
public final class LocalAgentServer: Sendable {
    /// Nil on loops of somebody else's.
    private let ownLoop: EventLoop?
    private let workshop: AgentWorkshop
    private let listener: Listener

    /// The port that was bound.
    public var port: Int { listener.port }
    /// Where clients connect, without the query.
    public let url: String

    /// Loads models and voice, binds and serves.
    /// - Parameter loops: running ones to live on; none makes one of its own.
    public init(
        _ options: LocalAgentOptions = .init(), loops: [EventLoop] = [], observer: LocalAgentObserver? = nil
    ) throws(LocalAgentError) {
        guard (1.0...1_000).contains(options.paceFactor) else {
            throw LocalAgentError("paceFactor \(options.paceFactor): expected 1 ... 1000")
        }
        guard (20...1_000).contains(options.deltaMilliseconds) else {
            throw LocalAgentError("deltaMilliseconds \(options.deltaMilliseconds): expected 20 ... 1000")
        }
        guard (1...86_400).contains(options.sessionSeconds) else {
            throw LocalAgentError("sessionSeconds \(options.sessionSeconds): expected 1 ... 86400")
        }
        let phrases = options.script.phrases
        let model = options.speechModel
        let makeRecognizer =
            options.makeRecognizer ?? { try PocketsphinxRecognizer(phrases: phrases, model: model) }
        let brain: any AgentBrain = options.chat.map(ChatBrain.init) ?? ScriptBrain(script: options.script)
        do {
            workshop = try AgentWorkshop(
                brain: brain, voice: options.voice,
                hearingThreads: max(1, options.hearingThreads), speakingThreads: options.chat == nil ? 1 : 8,
                makeRecognizer: makeRecognizer)
        } catch {
            throw LocalAgentError("local agent: \(error)")
        }
        var own: EventLoop?
        do throws(TransportError) {
            if loops.isEmpty {
                let loop = try EventLoop(name: "agent")
                loop.start()
                own = loop
            }
            var listening = ListenerOptions()
            listening.host = options.host
            listening.port = options.port
            listening.tls = options.tls
            let service = AgentService(options: options, workshop: workshop, observer: observer)
            listener = try Listener(listening, loops: own.map { [$0] } ?? loops, service: service)
        } catch {
            own?.stop()
            workshop.stop()
            throw LocalAgentError("local agent: \(error.message)")
        }
        ownLoop = own
        url = "\(options.tls == nil ? "ws" : "wss")://\(options.host):\(listener.port)/v1/realtime"
    }

    /// Any thread but a loop's. Stops accepting, ends what runs, joins the threads.
    public func stop() {
        listener.close()
        ownLoop?.stop()
        workshop.stop()
    }
}
