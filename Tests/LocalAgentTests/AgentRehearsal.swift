import AudioPipeline
import MulawCodec
import SpeechToText

@testable import LocalAgent

/// A session without sockets and threads: the clock is turned by hand, recognizer and voice are scripted, work is done
/// when the rehearsal says so.
final class AgentRehearsal {
    let session: AgentSession
    private(set) var now: UInt64 = 1_000_000_000
    /// All messages sent since the last `take`.
    private var sent: [JSONValue] = []
    private(set) var work: [AgentWork] = []
    private(set) var cancelled: [Int] = []
    private(set) var observed: [LocalAgentEvent.Kind] = []
    private(set) var closed: UInt16?
    var transcripts: [Result<Transcript, RecognitionError>] = []
    var brain: any AgentBrain = ScriptBrain(script: DefaultScript.script)

    init(_ settings: AgentSession.Settings = .init()) {
        session = AgentSession(settings, at: now)
        session.open()
        collect()
    }

    /// A session that has been configured; nothing of that is left in `take`.
    static func configured(_ session: String = "") throws -> AgentRehearsal {
        let rehearsal = AgentRehearsal()
        rehearsal.client(
            """
            {"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcmu"},\
            "transcription":{"model":"gpt-4o-mini-transcribe"}},"output":{"format":{"type":"audio/pcmu"}}}}}
            """)
        if !session.isEmpty { rehearsal.client(#"{"type":"session.update","session":\#(session)}"#) }
        _ = rehearsal.take()
        return rehearsal
    }

    func client(_ message: String) {
        session.receive(Array(message.utf8), at: now)
        collect()
    }

    /// Appends mu-law audio: `S` is 20 ms of speech-like sound, anything else of faint noise.
    func caller(_ frames: String) {
        for character in frames { append(Self.frame(character == "S")) }
    }

    func append(_ bytes: [UInt8]) {
        client(#"{"type":"input_audio_buffer.append","audio":"\#(Base64.text(bytes))"}"#)
    }

    static func frame(_ isSpeech: Bool) -> [UInt8] {
        (0..<160).map { index in
            let noise = Int16((index * 7_919) % 13) - 6
            return MulawEncoder.encode(isSpeech ? (index % 20 < 10 ? 6_000 : -6_000) + noise * 100 : noise)
        }
    }

    /// Does the oldest job at once.
    func doWork() {
        guard !work.isEmpty else { return }
        switch work.removeFirst() {
        case .transcribe(let id, _, _):
            let result = transcripts.isEmpty ? .success(.unknown) : transcripts.removeFirst()
            session.receive(.transcribed(id: id, result), at: now)
        case .answer(let id, let request, let output):
            var failure: BrainError?
            do throws(BrainError) {
                try brain.answer(request, isCancelled: { false }) { piece in
                    switch piece {
                    case .say(let text):
                        session.receive(.sentence(id: id, Self.spoken(text, output)), at: now)
                    case .call(let name, let arguments):
                        session.receive(.call(id: id, name: name, arguments: arguments), at: now)
                    }
                }
            } catch {
                failure = error
            }
            session.receive(.answered(id: id, failure), at: now)
        }
        collect()
    }

    /// 50 ms of sound for each letter.
    static func spoken(_ text: String, _ output: SpeechOutput?) -> SpokenSentence {
        guard let output else { return SpokenSentence(text: text, audio: []) }
        let format = output.format.audioFormat
        let bytes = text.count * 50 * format.bytesPerMillisecond
        return SpokenSentence(text: text, audio: [UInt8](repeating: format.silenceByte, count: bytes))
    }

    /// Turns the clock to each deadline in between.
    func pass(milliseconds: Int) {
        let end = now + UInt64(milliseconds) * 1_000_000
        while let deadline = session.deadline, deadline <= end {
            now = max(now, deadline)
            session.tick(at: now)
            collect()
        }
        now = end
    }

    /// Works and waits until nothing is left to do.
    func settle() {
        for _ in 0..<1_000 {
            while !work.isEmpty { doWork() }
            guard !session.responses.isEmpty else { return }
            pass(milliseconds: 100)
        }
    }

    /// Messages sent since the last time.
    func take() -> [JSONValue] {
        defer { sent.removeAll() }
        return sent
    }

    func types() -> [String] { take().compactMap { $0["type"]?.string } }

    private func collect() {
        for effect in session.takeEffects() {
            switch effect {
            case .send(let text):
                guard let message = try? JSONReader.read(Array(text.utf8)) else {
                    fatalError("no JSON was sent: \(text)")
                }
                sent.append(message)
            case .work(let job): work.append(job)
            case .cancelWork(let id):
                cancelled.append(id)
                work.removeAll { if case .answer(id, _, _) = $0 { true } else { false } }
            case .observe(let kind): observed.append(kind)
            case .close(let code, _): closed = code
            }
        }
    }
}

extension [JSONValue] {
    func of(_ type: String) -> [JSONValue] { filter { $0["type"]?.string == type } }
    /// Types in order, repetitions of the same left out.
    var outline: [String] {
        compactMap { $0["type"]?.string }.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }
}
