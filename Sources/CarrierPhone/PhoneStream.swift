import Transport

/// The carrier's end of one media stream: sends 20 ms of the caller every 20 ms, plays what comes back, and does what
/// the options say. Lives on its loop's thread from `open` on.
final class PhoneStream: WebSocketHandler, @unchecked Sendable {
    // Sendable: it is made on one thread, handed to the loop's once, and touched there only.

    private static let frameMilliseconds = 20
    private static let frameBytes = 160
    /// A longer dry spell is a pause of the agent, not a hole in its speech.
    private static let longestGapMilliseconds = 500

    private let options: CarrierPhoneOptions
    private let url: String
    private let parameters: [(name: String, value: String)]
    private let loop: EventLoop
    private let onEvent: (@Sendable (CarrierPhoneEvent) -> Void)?
    private let done: @Sendable (CarrierPhoneReport) -> Void

    private var socket: WebSocket?
    private var timer: LoopTimer?
    private var writer: StreamMessageWriter
    private var reader: BridgeMessageReader
    private var playout = PlayoutBuffer()
    private var ear: AgentEar
    private var report = CarrierPhoneReport()

    private var openedAt: UInt64 = 0
    private var clock = LineClock(beginning: 0)
    /// Number of the frame under way, from 0.
    private var frame = 0
    private var said = [UInt8](repeating: 0xFF, count: frameBytes)
    private var heard = [UInt8](repeating: 0xFF, count: frameBytes)
    /// Utterance being spoken, and how much of it has been.
    private var speaking: (index: Int, place: Int)?
    private var lastSoundEnd = 0
    /// When the queue ran dry while the agent was being played.
    private var drySince: Int?
    private var hungUp = false
    private var wasOpen = false

    init(
        _ options: CarrierPhoneOptions, url: String, parameters: [(name: String, value: String)], loop: EventLoop,
        onEvent: (@Sendable (CarrierPhoneEvent) -> Void)?, done: @escaping @Sendable (CarrierPhoneReport) -> Void
    ) {
        (self.options, self.url, self.parameters) = (options, url, parameters)
        (self.loop, self.onEvent, self.done) = (loop, onEvent, done)
        writer = StreamMessageWriter(
            streamSid: options.streamSid, callSid: options.callSid, accountSid: options.accountSid)
        reader = BridgeMessageReader(streamSid: options.streamSid)
        ear = AgentEar(hangoverMilliseconds: options.agentHangoverMilliseconds)
        report.utterancesStarted = Array(repeating: nil, count: options.utterances.count)
        report.keysPressed = Array(repeating: nil, count: options.keys.count)
    }

    func open() {
        var headers: [(name: String, value: String)] = [("User-Agent", "Twilio.TmeWs/1.0")]
        if !options.authToken.isEmpty {
            headers.append(("X-Twilio-Signature", RequestSignature.sign(url: url, authToken: options.authToken)))
        }
        var socketOptions = WebSocketOptions()
        socketOptions.maximumMessageBytes = 1 << 20
        socketOptions.trustedAuthoritiesFile = options.trustedAuthoritiesFile
        do throws(TransportError) {
            timer = try loop.makeTimer { [weak self] now in self?.tick(now) }
            socket = try WebSocket.connect(
                to: url, headers: headers, options: socketOptions, on: loop, handler: self)
        } catch {
            report.outcome = .failed("stream \(url): \(error.message)")
            finish()
        }
    }

    /// Ends the call from the caller's side.
    func hangUp() {
        guard !hungUp else { return }
        hungUp = true
        timer?.cancel()
        if wasOpen {
            writer.stop()
            send()
            socket?.close()
        } else {
            socket?.abort()
        }
    }

    // MARK: What the socket says

    func webSocketDidOpen(_ socket: WebSocket) {
        if hungUp { return socket.abort() }
        wasOpen = true
        openedAt = EventLoop.now
        writer.connected()
        send()
        writer.start(parameters: parameters)
        send()
        tell(.streamOpened)
        clock = LineClock(beginning: openedAt)
        timer?.schedule(at: clock.deadline)
    }

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        switch reader.read(message, isText: isText) {
        case .media:
            report.mediaMessagesReceived += 1
            if report.firstMediaMilliseconds == nil { report.firstMediaMilliseconds = sinceOpening }
            playout.receive(reader.audio.span)
            report.largestQueueMilliseconds = max(report.largestQueueMilliseconds, playout.queuedBytes / 8)
        case .mark(let name):
            report.marksReceived += 1
            if playout.receive(mark: name) { echo(name, byClear: false) }
        case .clear:
            report.clears.append(sinceOpening)
            tell(.cleared(bytes: playout.queuedBytes))
            drySince = nil
            for name in playout.clear() { echo(name, byClear: true) }
        case .refused(let why):
            report.refusedMessages += 1
            if report.firstRefusal == nil { report.firstRefusal = why }
            tell(.refusedMessage(why))
        }
    }

    func webSocketDidDrain(_ socket: WebSocket) {}

    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
        report.close = close
        if wasOpen {
            let party: CarrierPhoneReport.Party = hungUp ? .caller : .agent
            report.outcome = .talked(endedBy: party)
            tell(.ended(party))
        } else if hungUp {
            report.outcome = .failed("the caller hung up before the stream was open")
        } else {
            let status = close.httpStatus.map { " with HTTP \($0)" } ?? ""
            let reason = close.reason.isEmpty ? "" : ": \(close.reason)"
            report.outcome = .failed("stream \(url): \(close.cause.rawValue)\(status)\(reason)")
        }
        finish()
    }

    private func finish() {
        timer?.cancel()
        timer = nil
        socket = nil
        report.callSid = options.callSid
        report.streamSid = options.streamSid
        report.durationMilliseconds = wasOpen ? sinceOpening : 0
        report.bytesReceived = playout.receivedBytes
        report.bytesPlayed = playout.playedBytes
        report.bytesCleared = playout.clearedBytes
        report.bytesOverflowed = playout.overflowBytes
        report.marksOutstanding = playout.outstandingMarks
        done(report)
    }

    // MARK: Every 20 ms

    private func tick(_ now: UInt64) {
        guard !hungUp, wasOpen else { return }
        let lateness = clock.latenessMicroseconds(at: now)
        report.timerLatenessMaximumMicroseconds = max(report.timerLatenessMaximumMicroseconds, lateness)
        if lateness > 2_000 { report.lateTicks += 1 }
        for _ in 0..<clock.framesDue(at: now) where !hungUp { runFrame() }
        if !hungUp { timer?.schedule(at: clock.deadline) }
    }

    private func runFrame() {
        speak()
        press()
        listen()
        frame += 1
        if shouldHangUp { hangUp() }
    }

    /// The caller's 20 ms.
    private func speak() {
        if speaking == nil, let index = nextUtterance() {
            speaking = (index, 0)
            report.utterancesStarted[index] = milliseconds
            tell(.utteranceStarted(index: index))
        }
        for index in said.indices { said[index] = 0xFF }
        if let (index, place) = speaking {
            let count = min(Self.frameBytes, options.utterances[index].audio.count - place)
            for offset in 0..<count { said[offset] = options.utterances[index].audio[place + offset] }
            speaking = (index, place + count)
            lastSoundEnd = milliseconds + Self.frameMilliseconds
            if place + count >= options.utterances[index].audio.count {
                speaking = nil
                tell(.utteranceEnded(index: index))
            }
        }
        if options.keepsAudio { report.saidAudio += said }
        if options.lostFrames.contains(where: { $0.contains(frame) }) {
            writer.skipMedia()
            return
        }
        writer.media(said.span, timestampMilliseconds: milliseconds + Self.frameMilliseconds)
        if send() { report.framesSent += 1 } else { report.framesNotSent += 1 }
    }

    private func press() {
        for index in options.keys.indices where report.keysPressed[index] == nil {
            guard isDue(options.keys[index].moment) else { continue }
            report.keysPressed[index] = milliseconds
            writer.dtmf(options.keys[index].digit)
            send()
            tell(.keyPressed(options.keys[index].digit))
        }
    }

    /// The agent's 20 ms, as the caller hears them.
    private func listen() {
        var target = heard.mutableSpan
        let wasQueued = playout.queuedBytes > 0
        let count = playout.play(into: &target) { echo($0, byClear: false) }
        if options.keepsAudio { report.heardAudio += heard }
        if wasQueued, let since = drySince {
            let duration = milliseconds - since
            if duration <= Self.longestGapMilliseconds {
                report.gaps.append(.init(startMilliseconds: since, durationMilliseconds: duration))
            }
            drySince = nil
        }
        if wasQueued, playout.queuedBytes == 0 { drySince = milliseconds + count / 8 }
        switch ear.hear(heard.span, frame: frame) {
        case .started(let turn, let first):
            let at = first * Self.frameMilliseconds
            if report.firstAgentSoundMilliseconds == nil { report.firstAgentSoundMilliseconds = at }
            report.agentTurns.append(.init(startMilliseconds: at, endMilliseconds: nil))
            tell(.agentStartedSpeaking(turn: turn))
        case .stopped(let turn, let end):
            report.agentTurns[turn - 1].endMilliseconds = end * Self.frameMilliseconds
            tell(.agentStoppedSpeaking(turn: turn))
        case nil: break
        }
        lastSoundEnd = max(lastSoundEnd, ear.lastLoudEnd * Self.frameMilliseconds)
    }

    private func nextUtterance() -> Int? {
        options.utterances.indices.first {
            report.utterancesStarted[$0] == nil && isDue(options.utterances[$0].moment)
        }
    }

    private func isDue(_ moment: PhoneMoment) -> Bool {
        switch moment {
        case .at(let at): milliseconds >= at
        case .afterAgentTurn(let turn, let pause): hasEnded(turn, before: milliseconds - pause)
        case .intoAgentTurn(let turn, let offset):
            report.agentTurns.indices.contains(turn - 1)
                && milliseconds >= report.agentTurns[turn - 1].startMilliseconds + offset
        }
    }

    private func hasEnded(_ turn: Int, before limit: Int) -> Bool {
        guard report.agentTurns.indices.contains(turn - 1), let end = report.agentTurns[turn - 1].endMilliseconds
        else { return false }
        return end <= limit
    }

    private var shouldHangUp: Bool {
        options.hangUp.contains {
            switch $0 {
            case .after(let limit): milliseconds >= limit
            case .afterAgentTurn(let turn, let pause): hasEnded(turn, before: milliseconds - pause)
            case .afterSilence(let limit):
                speaking == nil && !ear.isSpeaking && milliseconds - lastSoundEnd >= limit
            }
        }
    }

    // MARK: Helpers

    /// Where the frame under way begins.
    private var milliseconds: Int { frame * Self.frameMilliseconds }

    private var sinceOpening: Int { wasOpen ? Int((EventLoop.now - openedAt) / 1_000_000) : 0 }

    private func echo(_ name: String, byClear: Bool) {
        if byClear { report.marksEchoedByClear += 1 } else { report.marksEchoed += 1 }
        writer.mark(name)
        send()
        tell(.markEchoed(name: name, byClear: byClear))
    }

    @discardableResult private func send() -> Bool {
        guard let socket else { return false }
        let text = writer.text  // Shares the writer's buffer, and lets go of it before the next message.
        return socket.sendText(text.span)
    }

    private func tell(_ kind: CarrierPhoneEvent.Kind) {
        onEvent?(CarrierPhoneEvent(kind: kind, atMilliseconds: sinceOpening))
    }
}
