import AudioPipeline
import CallControl
import Conversation
import RealtimeBridge
import Telemetry
import Transport

/// One media stream: the carrier's socket, read and written. Until its `start` has named a call that it was let in for,
/// there is no call, no model session and nothing to hear (S20, R16). A carrier retry brings a second link, and the
/// first one's last words are nobody's. Shard thread only.
final class CarrierLink: WebSocketHandler {
    /// From the upgrade to the carrier's `start`.
    static let startDeadlineNanoseconds: UInt64 = 3_000_000_000

    let accepted: AcceptedCall
    let openedAt: UInt64
    private let shard: Shard
    private var socket: WebSocket?
    private var call: Call?
    private var wasAttached = false
    private var isClosing = false
    private var writer: TwilioWriter?
    private var sequence = CarrierSequence()
    private var kinds = KindTally()
    /// Monotonic nanoseconds of the last message.
    private(set) var lastMessage: UInt64

    init(_ accepted: AcceptedCall, shard: Shard, now: UInt64) {
        (self.accepted, self.shard, openedAt, lastMessage) = (accepted, shard, now, now)
    }

    var hasStarted: Bool { writer != nil }

    // MARK: The carrier speaks

    func webSocketDidOpen(_ socket: WebSocket) { self.socket = socket }

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        let now = EventLoop.now
        lastMessage = now
        switch shard.carrierParser.parse(message, isText: isText) {
        case .media(let media): receive(media, now)
        case .mark(let mark, let number):
            sequence.note(number)
            if let mark {
                call?.happen(.carrierMark(mark), at: now)
                call?.alignRecording(at: now)
            }
        case .start(let start): begin(start, now)
        case .dtmf(let digit, let number):
            sequence.note(number)
            call?.happen(.carrierDigit(digit), at: now)
        case .stop(let number):
            sequence.note(number)
            call?.happen(.carrierStopped, at: now)
        case .connected, .cleared: break
        case .unknown(let kind, let number):
            sequence.note(number)
            if kinds.isNew(kind) { shard.counters.add(.carrierUnknown) }
        case .malformed: misread("not a media stream message", now)
        }
    }

    private func begin(_ start: CarrierStart, _ now: UInt64) {
        sequence.note(start.sequence)
        guard !hasStarted else { return misread("a second start", now) }
        guard start.format == .mulaw8k else { return misread("only mu-law at 8 kHz is spoken here", now) }
        guard
            let grant = accepted.grant(
                call: start.call.description, account: start.account?.description ?? "",
                parameters: start.customParameters)
        else { return misread("start names another call", now) }
        writer = TwilioWriter(stream: start.stream)
        guard case .signed = accepted.identity, !shard.isLive(grant.call) else {
            return shard.begin(grant, on: self, stream: start.stream, at: now)
        }
        // Nobody has announced this call, so nobody has asked what happened to it before. The disk is waited for
        // elsewhere; what the caller says in that moment is lost.
        shard.service.history(of: grant.call, on: shard) { [weak self] history in
            guard let self, socket != nil, !isClosing else { return }
            var grant = grant
            grant.history = history
            shard.begin(grant, on: self, stream: start.stream, at: EventLoop.now)
        }
    }

    /// The shard has found this stream its call.
    func attach(_ call: Call) {
        self.call = call
        wasAttached = true
    }

    /// The stream never became a call: the carrier, asking what comes next, is told the fallback words (R17), and the
    /// token opens nothing any more.
    private func forgetAnnouncement() {
        guard case .announced(let grant) = accepted.identity, shard.service.place(of: grant.call) == nil else { return }
        shard.service.tokens.end(grant.call, wasSpokenTo: false)
    }

    private func receive(_ media: CarrierMedia, _ now: UInt64) {
        guard hasStarted else { return misread("media before start", now) }
        switch sequence.accept(media, bytesPerMillisecond: 8) {
        case .forward(let lostMilliseconds):
            guard let call else { return }
            if lostMilliseconds > 0 { call.lost(milliseconds: lostMilliseconds, at: now) }
            shard.carrierParser.withAudio { call.heard($0, at: now) }
        case .drop(.old): shard.counters.add(.duplicated)
        case .drop(.outboundTrack):
            shard.counters.add(.outboundTrack)
            if let call, call.isListenedTo { shard.carrierParser.withAudio { call.heardOther($0, at: now) } }
        }
    }

    /// Counted; before there is a call, it also closes the stream.
    private func misread(_ reason: String, _ now: UInt64) {
        shard.counters.add(.carrierMalformed)
        shard.diagnose(.carrierMalformed, call, at: now)
        if call == nil { socket?.close(code: 1008, reason: reason) }
    }

    func webSocketDidDrain(_ socket: WebSocket) {}

    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
        self.socket = nil
        shard.closed(self)
        shard.counters.add(.messagesMissing, UInt64(sequence.missingMessages))
        if !wasAttached { forgetAnnouncement() }
        guard let call else { return }
        self.call = nil
        let cause: CarrierClose =
            switch close.cause {
            case .writeDeadline: .stalled
            case .idleDeadline, .pingDeadline: .halfOpen
            case .protocolViolation, .messageTooLarge, .firstMessageDeadline: .protocolViolation
            case .aborted: .shutdown
            default: .peer
            }
        call.happen(.carrierClosed(cause), at: EventLoop.now)
    }

    // MARK: We speak

    /// Room for another message: what has none stays in playout (S06).
    var hasRoom: Bool {
        guard let socket, writer != nil, !isClosing else { return false }
        return socket.queuedBytes + 4_096 < shard.carrierQueueBytes
    }

    /// - Returns: false when the socket's queue has no room or is gone.
    func send(_ audio: Span<UInt8>) -> Bool {
        guard let socket else { return false }
        return writer?.sendMedia(audio) { socket.sendText($0) } ?? false
    }

    func send(_ mark: PlaybackMark) -> Bool {
        guard let socket else { return false }
        return writer?.sendMark(mark) { socket.sendText($0) } ?? false
    }

    func sendClear() -> Bool {
        guard let socket else { return false }
        return writer?.sendClear { socket.sendText($0) } ?? false
    }

    /// Ends the stream; without more TwiML behind it the call ends too.
    func close(code: UInt16 = 1000, reason: String = "") {
        isClosing = true
        socket?.close(code: code, reason: reason)
    }

    /// Another stream has taken over, or the call is over: nothing more of this one reaches it.
    func detach() { call = nil }
}
