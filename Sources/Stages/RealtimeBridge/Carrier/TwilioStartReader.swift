internal import AudioPipeline
internal import Conversation

/// Reads the object behind `start`: once per stream, so strings and dictionaries are fine here.
struct TwilioStartReader {
    let sequence: Int64?
    /// `streamSid` beside `start`, which stands in when the one inside is left out.
    var outerStream: JSONSlice?

    private var stream: JSONSlice?
    private var call: JSONSlice?
    private var account: JSONSlice?
    private var tracks: [CarrierTrack] = []
    private var parameters: [String: String] = [:]
    private var encoding: String?
    private var sampleRateHz: Int64?
    private var channels: Int64?
    private var fault: MessageFault?

    init(sequence: Int64?) { self.sequence = sequence }

    mutating func read(_ text: Span<UInt8>, _ scanner: inout JSONScanner) -> CarrierMessage {
        guard scanner.beginObject(text) else { return .malformed(.missing(field: "start")) }
        while let key = scanner.nextKey(text) {
            switch key.string(in: text) {
            case "streamSid": stream = scanner.string(text)
            case "callSid": call = scanner.string(text)
            case "accountSid": account = scanner.string(text)
            case "tracks": readTracks(text, &scanner)
            case "customParameters": readParameters(text, &scanner)
            case "mediaFormat": readFormat(text, &scanner)
            default: scanner.skip(text)
            }
        }
        return message(text)
    }

    private mutating func readTracks(_ text: Span<UInt8>, _ scanner: inout JSONScanner) {
        guard scanner.beginArray(text) else { return }
        while scanner.nextElement(text) {
            guard let name = scanner.string(text), let track = CarrierTrack(name, in: text) else {
                fault = fault ?? .invalid(field: "start.tracks", expected: "inbound or outbound")
                continue
            }
            if tracks.count < 8 { tracks.append(track) }
        }
    }

    private mutating func readParameters(_ text: Span<UInt8>, _ scanner: inout JSONScanner) {
        guard scanner.isObject(text), scanner.beginObject(text) else {
            scanner.skip(text)
            return
        }
        while let key = scanner.nextKey(text) {
            guard let value = scanner.string(text) else {
                fault = fault ?? .invalid(field: "start.customParameters.\(key.string(in: text))", expected: "a string")
                continue
            }
            parameters[key.string(in: text)] = value.string(in: text)
        }
    }

    private mutating func readFormat(_ text: Span<UInt8>, _ scanner: inout JSONScanner) {
        guard scanner.isObject(text), scanner.beginObject(text) else {
            scanner.skip(text)
            return
        }
        while let key = scanner.nextKey(text) {
            switch key.string(in: text) {
            case "encoding": encoding = scanner.string(text)?.string(in: text)
            case "sampleRate": sampleRateHz = scanner.integer(text)
            case "channels": channels = scanner.integer(text)
            default: scanner.skip(text)
            }
        }
    }

    private func message(_ text: Span<UInt8>) -> CarrierMessage {
        if let fault { return .malformed(fault) }
        guard let streamSlice = stream ?? outerStream else { return .malformed(.missing(field: "start.streamSid")) }
        guard let stream = streamSlice.wireID(in: text) else { return .malformed(Self.badID("start.streamSid")) }
        guard let callSlice = call else { return .malformed(.missing(field: "start.callSid")) }
        guard let call = callSlice.wireID(in: text) else { return .malformed(Self.badID("start.callSid")) }
        var accountID: WireID?
        if let account {
            guard let known = account.wireID(in: text) else { return .malformed(Self.badID("start.accountSid")) }
            accountID = known
        }
        guard let encoding else { return .malformed(.missing(field: "start.mediaFormat.encoding")) }
        guard encoding == "audio/x-mulaw" else {
            return .malformed(.invalid(field: "start.mediaFormat.encoding", expected: "audio/x-mulaw, not \(encoding)"))
        }
        guard sampleRateHz == 8_000 else {
            return .malformed(.invalid(field: "start.mediaFormat.sampleRate", expected: "8000"))
        }
        guard channels == nil || channels == 1 else {
            return .malformed(.invalid(field: "start.mediaFormat.channels", expected: "1"))
        }
        return .start(
            CarrierStart(
                stream: stream, call: call, account: accountID, tracks: tracks.isEmpty ? [.inbound] : tracks,
                customParameters: parameters, format: .mulaw8k, sequence: sequence))
    }

    private static func badID(_ field: String) -> MessageFault {
        .invalid(field: field, expected: "1 to \(WireID.capacity) bytes")
    }
}
