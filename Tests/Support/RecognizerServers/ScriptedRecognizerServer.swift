import Synchronization
public import Transport

/// A streaming recogniser's WebSocket server on loopback that says what it was told to, at the moments at which a real one
/// would: its utterances end where the sound falls silent.
public class ScriptedRecognizerServer: HTTPService, @unchecked Sendable {
    // Sendable: everything that changes is guarded.

    /// What it does beside its work.
    public enum Habit: Sendable, Equatable {
        case good
        /// Takes everything, answers nothing.
        case mute
        /// Answers what is none.
        case nonsense
        /// Says times and confidences that cannot be.
        case lying
        /// Goes away after so many messages of sound.
        case hangsUp(after: Int)
        /// Answers the upgrade with a status.
        case refuses(status: Int)
    }

    /// What one connection brought.
    public struct Connection: Sendable, Equatable {
        public var target = ""
        public var authorization: String?
        /// Text messages, as they came.
        public var texts: [String] = []
        public var soundMessages = 0
        public var soundBytes = 0
        public var isOver = false
    }

    public let loop: EventLoop
    public let texts: [String]
    private let listener = Mutex<Listener?>(nil)
    private let held = Mutex<(habit: Habit, connections: [Connection])>((.good, []))

    /// - Parameter texts: one for each utterance, then nothing is understood.
    init(texts: [String], habit: Habit) throws {
        self.texts = texts
        loop = try EventLoop(name: "scripted recogniser")
        loop.start()
        held.withLock { $0.habit = habit }
        let made = try Listener(ListenerOptions(), loops: [loop], service: self)
        listener.withLock { $0 = made }
    }

    public var port: Int { listener.withLock { $0?.port ?? 0 } }
    public var connections: [Connection] { held.withLock { $0.connections } }
    public var habit: Habit {
        get { held.withLock { $0.habit } }
        set { held.withLock { $0.habit = newValue } }
    }

    public func stop() {
        listener.withLock { $0?.close() }
        loop.stop()
    }

    func change(_ number: Int, _ body: (inout Connection) -> Void) {
        held.withLock { body(&$0.connections[number]) }
    }

    /// What a new connection talks like.
    func talk(_ number: Int) -> any WebSocketHandler { fatalError("a server of some kind") }

    public func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) { exchange.respond(.text(404, "no\n")) }

    public func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
        let (number, habit) = held.withLock { held in
            held.connections.append(
                Connection(target: request.target, authorization: request.headers["authorization"]))
            return (held.connections.count - 1, held.habit)
        }
        if case .refuses(let status) = habit { return .refuse(.text(status, "no\n")) }
        return .accept(talk(number), WebSocketOptions())
    }
}

/// Finds utterances in 8 kHz sound: loud samples are speech, 500 ms without are its end.
struct ScriptedEar {
    static let silenceSamples = 4_000
    /// Samples heard so far.
    private(set) var samples = 0
    private(set) var began: Int?
    private var lastLoud = 0

    enum News: Equatable { case none, speaking, ended(from: Int, to: Int) }

    mutating func hear(_ sound: [Int16]) -> News {
        var news = News.none
        for sample in sound {
            samples += 1
            if abs(Int(sample)) > 1_000 {
                if began == nil { began = samples }
                lastLoud = samples
            } else if let start = began, samples - lastLoud >= Self.silenceSamples {
                news = .ended(from: start / 8, to: lastLoud / 8)
                began = nil
            }
        }
        if case .ended = news { return news }
        return began == nil ? .none : .speaking
    }

    /// No more comes.
    mutating func finish() -> News {
        guard let start = began else { return .none }
        began = nil
        return .ended(from: start / 8, to: lastLoud / 8)
    }
}
