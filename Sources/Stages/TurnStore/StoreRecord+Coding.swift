package import Conversation
import Foundation

/// Records as bytes, for the spool file: the journal's style, every case by a number that never changes its meaning, and
/// a switch without a default, so that a new case does not compile before it can be spooled.
extension StoreRecord: JournalCoded {
    package enum Kind: UInt8, CaseIterable {
        case callStarted = 1, streamStarted, promptChosen, turn, hole, used, recorded, callEnded, artifact, outgoing,
            job,
            fact, leg, carrierEvent, prompt, announced, recognized
    }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .callStarted(let start):
            encoder.kind(Kind.callStarted)
            encoder.put(start)
        case .streamStarted(let call, let stream, let milliseconds):
            encoder.kind(Kind.streamStarted)
            encoder.put(call)
            encoder.put(stream)
            encoder.put(milliseconds)
        case .promptChosen(let call, let hash):
            encoder.kind(Kind.promptChosen)
            encoder.put(call)
            encoder.put(hash)
        case .prompt(let prompt):
            encoder.kind(Kind.prompt)
            encoder.put(prompt)
        case .turn(let call, let turn):
            encoder.kind(Kind.turn)
            encoder.put(call)
            encoder.put(turn)
        case .hole(let call, let hole):
            encoder.kind(Kind.hole)
            encoder.put(call)
            encoder.put(hole)
        case .used(let call, let used, let currency):
            encoder.kind(Kind.used)
            encoder.put(call)
            encoder.put(used.usage)
            encoder.put(used.costMicros)
            encoder.put(used.sessions)
            encoder.put(currency)
        case .recorded(let call, let path):
            encoder.kind(Kind.recorded)
            encoder.put(call)
            encoder.put(path)
        case .callEnded(let end):
            encoder.kind(Kind.callEnded)
            encoder.put(end)
        case .artifact(let artifact):
            encoder.kind(Kind.artifact)
            encoder.put(artifact)
        case .outgoing(let event):
            encoder.kind(Kind.outgoing)
            encoder.put(event)
        case .job(let job):
            encoder.kind(Kind.job)
            encoder.put(job)
        case .fact(let fact, let call, let milliseconds):
            encoder.kind(Kind.fact)
            encoder.put(fact)
            encoder.put(call)
            encoder.put(milliseconds)
        case .leg(let leg):
            encoder.kind(Kind.leg)
            encoder.put(leg)
        case .announced(let fact, let event):
            encoder.kind(Kind.announced)
            encoder.put(fact)
            encoder.put(event)
        case .recognized(let heard):
            encoder.kind(Kind.recognized)
            encoder.put(heard)
        case .carrierEvent(let event, let change):
            encoder.kind(Kind.carrierEvent)
            encoder.put(event)
            encoder.put(change)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(Kind.self) {
        case .callStarted: self = .callStarted(try decoder.value())
        case .streamStarted:
            self = .streamStarted(
                call: try decoder.value(), stream: try decoder.value(), atUnixMilliseconds: try decoder.value())
        case .promptChosen: self = .promptChosen(call: try decoder.value(), hash: try decoder.value())
        case .prompt: self = .prompt(try decoder.value())
        case .turn: self = .turn(call: try decoder.value(), try decoder.value())
        case .hole: self = .hole(call: try decoder.value(), try decoder.value())
        case .used:
            let call: String = try decoder.value()
            let used = CallUsage(
                usage: try decoder.value(), costMicros: try decoder.value(), sessions: try decoder.value())
            self = .used(call: call, used, currency: try decoder.value())
        case .recorded: self = .recorded(call: try decoder.value(), path: try decoder.value())
        case .callEnded: self = .callEnded(try decoder.value())
        case .artifact: self = .artifact(try decoder.value())
        case .outgoing: self = .outgoing(try decoder.value())
        case .job: self = .job(try decoder.value())
        case .fact:
            self = .fact(try decoder.value(), call: try decoder.value(), atUnixMilliseconds: try decoder.value())
        case .leg: self = .leg(try decoder.value())
        case .announced: self = .announced(try decoder.value(), try decoder.value())
        case .recognized: self = .recognized(try decoder.value())
        case .carrierEvent: self = .carrierEvent(try decoder.value(), try decoder.value())
        }
    }
}

extension OnceFact: JournalCoded {}
extension CallStatus: JournalCoded {}
extension Artifact.Kind: JournalCoded {}
extension OutgoingEvent.Kind: JournalCoded {}
extension Job.Kind: JournalCoded {}

extension CallStart: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(call)
        encoder.put(tenant)
        encoder.put(direction)
        encoder.put(from)
        encoder.put(to)
        encoder.put(startedAtUnixMilliseconds)
        encoder.put(parent)
        encoder.put(context)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            call: try decoder.value(), tenant: try decoder.value(), direction: try decoder.value(),
            from: try decoder.value(), to: try decoder.value(), startedAtUnixMilliseconds: try decoder.value(),
            parent: try decoder.value(), context: try decoder.value())
    }
}

extension RecognizedWords.Channel: JournalCoded {}

extension RecognizedWords: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(call)
        encoder.put(channel)
        encoder.put(recognizer)
        encoder.put(text)
        encoder.put(confidence)
        encoder.put(startMilliseconds)
        encoder.put(endMilliseconds)
        encoder.put(words)
        encoder.put(heardAtUnixMilliseconds)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            call: try decoder.value(), channel: try decoder.value(), recognizer: try decoder.value(),
            text: try decoder.value(), confidence: try decoder.value(), startMilliseconds: try decoder.value(),
            endMilliseconds: try decoder.value(), words: try decoder.value(),
            heardAtUnixMilliseconds: try decoder.value())
    }
}

extension CallEnd: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(call)
        encoder.put(reason)
        encoder.put(endedAtUnixMilliseconds)
        let counts = frameCounts.sorted { $0.key < $1.key }
        encoder.put(counts.map(\.key))
        encoder.put(counts.map(\.value))
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            call: try decoder.value(), reason: try decoder.value(), endedAtUnixMilliseconds: try decoder.value())
        let names: [String] = try decoder.value(), counts: [Int64] = try decoder.value()
        guard names.count == counts.count else { throw decoder.damage("\(counts.count) counts of \(names.count)") }
        frameCounts = Dictionary(zip(names, counts)) { first, _ in first }
    }
}

extension CarrierEvent: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(account)
        encoder.put(call)
        encoder.put(kind)
        encoder.put(sequence)
        encoder.put(receivedAtUnixMilliseconds)
        encoder.put(fields)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            account: try decoder.value(), call: try decoder.value(), kind: try decoder.value(),
            sequence: try decoder.value(), receivedAtUnixMilliseconds: try decoder.value(),
            fields: try decoder.value())
    }
}

extension CarrierEvent.Field: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(name)
        encoder.put(value)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(try decoder.value(), try decoder.value())
    }
}

extension StatusChange: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(to)
        encoder.put(tenants)
        encoder.put(durationSeconds)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(to: try decoder.value(), tenants: try decoder.value(), durationSeconds: try decoder.value())
    }
}

extension CallLeg: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(call)
        encoder.put(parent)
        encoder.put(direction)
        encoder.put(from)
        encoder.put(to)
        encoder.put(atUnixMilliseconds)
        encoder.put(tenants)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            call: try decoder.value(), parent: try decoder.value(), direction: try decoder.value(),
            from: try decoder.value(), to: try decoder.value(), atUnixMilliseconds: try decoder.value(),
            tenants: try decoder.value())
    }
}

extension Artifact: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(call)
        encoder.put(kind)
        encoder.put(path)
        encoder.put(bytes)
        encoder.put(sha256)
        encoder.put(madeAtUnixMilliseconds)
        encoder.put(details)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            call: try decoder.value(), kind: try decoder.value(), path: try decoder.value(),
            bytes: try decoder.value(), sha256: try decoder.value(), madeAtUnixMilliseconds: try decoder.value(),
            details: try decoder.value())
    }
}

extension OutgoingEvent: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(call)
        encoder.put(tenant)
        encoder.put(kind)
        encoder.put(key)
        encoder.put(body)
        encoder.put(createdAtUnixMilliseconds)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            call: try decoder.value(), tenant: try decoder.value(), kind: try decoder.value(),
            key: try decoder.value(), body: try decoder.value(), at: try decoder.value())
    }
}

extension NewJob: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(kind)
        encoder.put(key)
        encoder.put(call)
        encoder.put(payload)
        encoder.put(notBeforeUnixMilliseconds)
        encoder.put(createdAtUnixMilliseconds)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            kind: try decoder.value(), key: try decoder.value(), call: try decoder.value(),
            payload: try decoder.value(), notBefore: try decoder.value(Int64.self), at: try decoder.value())
    }
}

/// As JSON: its parts are `Codable` for the table already.
extension StoredPrompt: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        // Strings and numbers: there is nothing in it that JSON could refuse.
        encoder.put((try? RecordWriting.json(self)) ?? "")
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        let text: String = try decoder.value()
        do { self = try JSONDecoder().decode(StoredPrompt.self, from: Data(text.utf8)) } catch {
            throw decoder.damage("a prompt that cannot be read")
        }
    }
}
