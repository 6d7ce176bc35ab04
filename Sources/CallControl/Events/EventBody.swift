public import Configuration
public import Conversation
import Foundation
public import TurnStore

/// What operators are told, in JSON whose fields stay what they are: docs/EVENTS.md. New fields may come, none changes its
/// meaning, and if one must, `version` rises.
public struct EventBody: Sendable {
    public static let version = 1
    private let settings: EventSettings
    private let tenant: String
    private let call: String

    /// nil when the tenant has no webhook.
    public init?(call: String, tenant: Tenant) {
        guard let settings = tenant.events else { return nil }
        (self.settings, self.tenant, self.call) = (settings, tenant.id, call)
    }

    /// The stream is up: the conversation begins. nil when the tenant does not want to know; likewise below.
    public func started(_ start: CallStart) -> OutgoingEvent? {
        event(
            .callStarted, key: "\(call)-started", at: start.startedAtUnixMilliseconds,
            Started(direction: start.direction?.rawValue, from: start.from, to: start.to))
    }

    /// A turn whose end and words are known, or that will not get any more of them. Once per turn.
    public func turn(_ turn: Turn, at now: Int64) -> OutgoingEvent? {
        event(
            .turn, key: "\(call)-turn-\(turn.index)", at: now,
            Spoken(
                index: turn.index, speaker: turn.speaker.rawValue, startedMilliseconds: turn.startedAt.milliseconds,
                endedMilliseconds: turn.endedAt?.milliseconds,
                interruptedMilliseconds: turn.interruptedAt?.milliseconds,
                textSource: turn.textSource.rawValue, characters: turn.text.count,
                text: settings.includesText ? turn.text : nil))
    }

    public func ended(_ end: CallEnd, durationMilliseconds: Int64) -> OutgoingEvent? {
        event(
            .callEnded, key: "\(call)-ended", at: end.endedAtUnixMilliseconds,
            Ended(reason: end.reason, durationMilliseconds: durationMilliseconds))
    }

    /// - Parameters:
    ///   - source: `realtime`, `recording` or `failed`: where the words that hold come from.
    ///   - text: of the whole call, by line; goes along when the tenant wants words.
    public func transcriptReady(source: String, reason: String, text: String?, at now: Int64) -> OutgoingEvent? {
        event(
            .transcriptReady, key: "\(call)-transcript", at: now,
            Transcribed(source: source, reason: reason, text: settings.includesText ? text : nil))
    }

    /// - Parameters:
    ///   - recording: the carrier's id, of which a call may have several; nil for our own.
    ///   - files: names without their folders.
    public func recordingReady(_ recording: String? = nil, files: [String], at now: Int64) -> OutgoingEvent? {
        let key = "\(call)-recording" + (recording.map { "-\($0)" } ?? "")
        return event(.recordingReady, key: key, at: now, Recorded(files: files))
    }

    // MARK: JSON

    private struct Started: Encodable {
        var direction: String?
        var from: String
        var to: String
    }
    private struct Spoken: Encodable {
        var index: Int
        var speaker: String
        /// Since the call's start.
        var startedMilliseconds: Int64
        var endedMilliseconds: Int64?
        var interruptedMilliseconds: Int64?
        var textSource: String
        var characters: Int
        var text: String?
    }
    private struct Ended: Encodable {
        var reason: String
        var durationMilliseconds: Int64
    }
    private struct Transcribed: Encodable {
        var source: String
        var reason: String
        var text: String?
    }
    private struct Recorded: Encodable { var files: [String] }

    private struct Envelope<Content: Encodable>: Encodable {
        var version: Int
        var id: String
        var type: String
        var timestamp: String
        var tenant: String
        var call: String
        var data: Content
    }

    /// UTC, ISO 8601, with milliseconds.
    private static func time(_ milliseconds: Int64) -> String {
        let seconds = Date(timeIntervalSince1970: Double(milliseconds / 1_000)).formatted(.iso8601)
        let rest = String(milliseconds % 1_000 + 1_000).dropFirst()
        return seconds.dropLast() + ".\(rest)Z"
    }

    private func event(_ kind: OutgoingEvent.Kind, key: String, at now: Int64, _ data: some Encodable) -> OutgoingEvent?
    {
        guard settings.kinds.contains(where: { $0.rawValue == kind.rawValue }) else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let envelope = Envelope(
            version: Self.version, id: key, type: kind.rawValue,
            timestamp: Self.time(now), tenant: tenant, call: call,
            data: data)
        guard let body = try? encoder.encode(envelope) else { return nil }
        return OutgoingEvent(
            call: call, tenant: tenant, kind: kind, key: key, body: String(decoding: body, as: UTF8.self), at: now)
    }
}
