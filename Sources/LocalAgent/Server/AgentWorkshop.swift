import AudioPipeline
import Resample
import SpeechToText

/// Does the heavy work of all sessions on threads of its own: hearing, thinking and speaking.
final class AgentWorkshop: Sendable {
    private let hearing: WorkerPool<any SpeechRecognizer>
    private let speaking: WorkerPool<Void>
    private let brain: any AgentBrain
    private let voice: any SpeechVoice
    private let stopping = Cancellation()

    init(
        brain: any AgentBrain, voice: any SpeechVoice, hearingThreads: Int, speakingThreads: Int,
        makeRecognizer: @escaping @Sendable () throws -> any SpeechRecognizer
    ) throws {
        (self.brain, self.voice) = (brain, SpeechCache(voice))
        hearing = try WorkerPool(name: "agent-hear", threads: hearingThreads, makeContext: makeRecognizer)
        speaking = try WorkerPool(name: "agent-speak", threads: speakingThreads) {}
    }

    func stop() {
        stopping.set()
        hearing.stop()
        speaking.stop()
    }

    /// Any thread. `give` is called on a worker's thread, in order.
    func perform(
        _ work: AgentWork, cancellation: Cancellation, give: @escaping @Sendable (AgentWorkResult) -> Void
    ) {
        switch work {
        case .transcribe(let id, let samples, let rate):
            let isTaken = hearing.submit { recognizer in
                guard !cancellation.isSet else { return }
                give(
                    .transcribed(
                        id: id,
                        Result { () throws(RecognitionError) in
                            try Self.transcribe(samples, sampleRateHz: rate, with: recognizer)
                        }))
            }
            if !isTaken { give(.transcribed(id: id, .failure(RecognitionError(.engine, "too many utterances wait")))) }
        case .answer(let id, let request, let output):
            let isTaken = speaking.submit { [self] _ in answer(id, request, output, cancellation, give) }
            if !isTaken { give(.answered(id: id, BrainError(code: "server_error", message: "too many answers wait"))) }
        }
    }

    private static func transcribe(
        _ samples: [Int16], sampleRateHz: Int, with recognizer: any SpeechRecognizer
    ) throws(RecognitionError) -> Transcript {
        let converted: [Int16]
        do {
            converted = try RateChange.convert(samples, from: sampleRateHz, to: recognizer.sampleRateHz)
        } catch {
            throw RecognitionError(.engine, error.description)
        }
        return try recognizer.recognize(converted.span)
    }

    private func answer(
        _ id: Int, _ request: AnswerRequest, _ output: SpeechOutput?, _ cancellation: Cancellation,
        _ give: (AgentWorkResult) -> Void
    ) {
        let stopping = stopping
        var failure: BrainError?
        let isCancelled: @Sendable () -> Bool = { cancellation.isSet || stopping.isSet }
        do throws(BrainError) {
            try brain.answer(request, isCancelled: isCancelled) { piece in
                guard !isCancelled(), failure == nil else { return }
                switch piece {
                case .call(let name, let arguments): give(.call(id: id, name: name, arguments: arguments))
                case .say(let text):
                    do throws(SpeechVoiceError) {
                        give(.sentence(id: id, try sentence(text, output)))
                    } catch {
                        failure = BrainError(code: "server_error", message: error.message)
                    }
                }
            }
        } catch {
            failure = error
        }
        give(.answered(id: id, failure))
    }

    private func sentence(_ text: String, _ output: SpeechOutput?) throws(SpeechVoiceError) -> SpokenSentence {
        guard let output else { return SpokenSentence(text: text, audio: []) }
        let format = output.format.audioFormat
        let samples = try voice.render(text, sampleRateHz: format.sampleRateHz, speed: output.speed)
        return SpokenSentence(text: text, audio: SpokenSentence.encode(samples, as: format))
    }
}
