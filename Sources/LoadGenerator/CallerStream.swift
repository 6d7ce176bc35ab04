import AudioPipeline
import CarrierPhone
import Glibc
import Transport

/// One caller at the carrier's end: set-up through the door, then a message of 20 ms at each of its intended times,
/// whatever comes back or does not.
final class CallerStream {
    enum State { case idle, posting, upgrading, streaming, over }

    let number: Int
    let isProbe: Bool
    /// Asked for on top of the run's calls, to load the bridge's set-up: what it hears is not measured.
    let isExtra: Bool
    private unowned let run: LoadRun
    private(set) var state = State.idle
    private(set) var socket: LoadSocket?
    private var decoder = FrameDecoder(role: .client, maximumMessageBytes: LoadRun.messageBytes)
    private var answer: [UInt8] = []
    private var parameters: [(name: String, value: String)] = []
    private var began: UInt64 = 0
    private var writer: StreamMessageWriter
    private var hasHeard = false
    /// Of the last message with audio: when it came, and how much audio was in it.
    private var lastHeard: UInt64 = 0
    private var lastFrames = 0
    /// Intended time of a click that has not come back.
    private var clickSent: UInt64 = 0
    private let callSid: String

    init(number: Int, isProbe: Bool, run: LoadRun) {
        (self.number, self.isProbe, self.run) = (number, isProbe, run)
        isExtra = number >= run.options.calls
        let digits = String(number + 1, radix: 16)
        let name = run.runName + String(repeating: "0", count: 16 - digits.count) + digits
        callSid = "CA" + name
        writer = StreamMessageWriter(streamSid: "MZ" + name, callSid: callSid, accountSid: run.accountSid)
    }

    var isUp: Bool { state == .streaming }

    // MARK: Set-up

    func open(at now: UInt64) {
        began = now
        switch run.options.door {
        case .stream: upgrade(run.streamAddress)
        case .webhook(let url, let authToken, let account, let to):
            let form = [
                (name: "CallSid", value: callSid), (name: "AccountSid", value: account),
                (name: "From", value: "+1500555\(String(number % 10_000 + 10_000).dropFirst())"),
                (name: "To", value: to),
                (name: "CallStatus", value: "ringing"), (name: "Direction", value: "inbound"),
                (name: "ApiVersion", value: "2010-04-01"),
            ]
            guard let door = run.webhookAddress, connect(door) else { return refuse() }
            state = .posting
            _ = socket?.send(SignedForm.request(url: url, address: door, form: form, authToken: authToken))
        }
    }

    private func connect(_ address: WebAddress) -> Bool {
        guard let found = run.look(up: address),
            let made = unsafe LoadSocket.connect(to: found, tls: address.isSecure ? run.clientTLS : nil)
        else { return false }
        socket = made
        run.watch(made, as: .caller(number))
        return true
    }

    private func upgrade(_ address: WebAddress?) {
        socket = nil
        guard let address, connect(address) else { return refuse() }
        state = .upgrading
        answer = []
        var signature = ""
        if case .webhook(_, let authToken, _, _) = run.options.door {
            signature = "X-Twilio-Signature: \(RequestSignature.sign(url: address.text, authToken: authToken))\r\n"
        }
        _ = socket?.send(
            """
            GET \(address.target) HTTP/1.1\r\nHost: \(address.authority)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\(signature)\r\n
            """)
    }

    private func posted() {
        guard let reply = SignedForm.answer(answer) else { return }
        guard reply.status == 200, let document = try? TwiMLDocument(reply.body), let stream = try? document.stream()
        else { return refuse() }
        parameters = stream.parameters
        upgrade(try? WebAddress(stream.url, schemes: ["ws", "wss"], field: "the TwiML's stream"))
    }

    /// - Returns: bytes of `answer` that are frames already; nil while the head is not whole.
    private func upgraded() -> [UInt8]? {
        guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let rest = Array(answer[end.upperBound...])
        guard answer.starts(with: Array("HTTP/1.1 101".utf8)) else {
            refuse()
            return nil
        }
        answer = []
        state = .streaming
        let now = EventLoop.now
        if timesSetUp { run.figures.setUp.record(nanoseconds: now &- began) }
        if isExtra { run.figures.extra.taken += 1 }
        writer.connected()
        sendText(writer.text)
        writer.start(parameters: parameters)
        sendText(writer.text)
        run.began(self)
        return rest
    }

    private func refuse() {
        if isExtra { run.figures.extra.refused += 1 } else { run.figures.refused += 1 }
        end()
    }

    /// Where more calls are asked for while it measures, only theirs.
    private var timesSetUp: Bool { isExtra || run.options.extraCallsPerSecond == 0 }

    /// As a carrier does it: the stream's last message, then the connection is closed.
    func hangUp() {
        guard state == .streaming else { return }
        writer.stop()
        sendText(writer.text)
        guard state == .streaming else { return }
        over()
    }

    private func end() {
        if state == .streaming {
            if isExtra { run.figures.extra.broken += 1 } else { run.figures.broken += 1 }
        }
        over()
    }

    private func over() {
        if state == .streaming { run.left(self) }
        state = .over
        if let socket { run.forget(socket) }
        socket = nil
    }

    // MARK: Hearing

    func ready() {
        guard let socket else { return }
        guard socket.flush() else { return state == .streaming ? end() : refuse() }
        while let current = self.socket, current === socket {
            let count = unsafe socket.receive(into: run.input)
            if count == 0 { break }
            guard count > 0 else { return state == .streaming ? end() : refuse() }
            unsafe take(UnsafeMutableBufferPointer(rebasing: run.input[..<count]))
            if count < LoadRun.inputBytes { break }
        }
        if let current = self.socket { run.rewatch(current, as: .caller(number)) }
    }

    private func take(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        switch state {
        case .posting:
            unsafe answer.append(contentsOf: bytes)
            posted()
        case .upgrading:
            unsafe answer.append(contentsOf: bytes)
            guard var rest = upgraded(), !rest.isEmpty else { return }
            unsafe rest.withUnsafeMutableBufferPointer { unsafe frames($0) }
        case .streaming: unsafe frames(bytes)
        case .idle, .over: break
        }
    }

    private func frames(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        var bytes = unsafe bytes
        let now = EventLoop.now
        while true {
            switch unsafe decoder.next(&bytes) {
            case .needsMore: return
            case .text: unsafe heard(decoder.payload, at: now)
            case .binary, .pong: break
            case .ping: unsafe sendFrame(.pong, decoder.payload)
            case .close, .violation: return end()
            }
        }
    }

    private func heard(_ message: UnsafeBufferPointer<UInt8>, at now: UInt64) {
        guard let payload = unsafe LoadText.value(after: "\"payload\":", in: message) else {
            if unsafe LoadText.find("\"mark\"", in: message) != nil { unsafe mark(message) }
            return
        }
        let text = unsafe UnsafeBufferPointer(rebasing: message[payload])
        let count = unsafe LoadText.decodedBytes(text) / 160
        if !hasHeard {
            hasHeard = true
            if timesSetUp { run.figures.firstAudio.record(nanoseconds: now &- began) }
        }
        if run.figures.isMeasuring {
            run.figures.framesHeard += count
            if lastFrames > 0, !isExtra {
                let gap = now &- lastHeard
                let due = UInt64(lastFrames) * 20_000_000
                run.figures.gap.record(nanoseconds: gap)
                run.figures.gapDeviation.record(nanoseconds: gap > due ? gap - due : due - gap)
            }
        }
        (lastHeard, lastFrames) = (now, count)
        if isProbe, clickSent > 0 { unsafe listen(text, at: now) }
    }

    private func listen(_ text: UnsafeBufferPointer<UInt8>, at now: UInt64) {
        let count = unsafe LoadText.decodedBytes(text)
        for index in 0..<count where unsafe LoadSound.isLoud(LoadText.byte(index, of: text)) {
            // Heard where it stands in the message's audio.
            let heard = now &+ UInt64(index) * 125_000
            if run.figures.isMeasuring {
                run.figures.click.record(nanoseconds: heard > clickSent ? heard - clickSent : 0)
                run.figures.clicksHeard += 1
            }
            clickSent = 0
            return
        }
    }

    /// What the carrier does once it has played so far. Answered at once: little lies in its buffer.
    private func mark(_ message: UnsafeBufferPointer<UInt8>) {
        guard let name = unsafe LoadText.value(after: "\"name\":", in: message) else { return }
        writer.mark(unsafe String(decoding: message[name], as: UTF8.self))
        sendText(writer.text)
    }

    // MARK: Speaking

    /// The message that was due at `intended`.
    func speak(intended: UInt64) {
        guard state == .streaming else { return }
        let frame = writer.chunk + 1
        // A click each second, but not in the first two: what starts up is no steady state.
        let clicks = isProbe && frame > 100 && frame % 50 == 0
        let payload = clicks ? run.sound.click : isProbe ? run.sound.silence : run.sound.noise[frame % 50]
        writer.media(coded: payload, timestampMilliseconds: (frame - 1) * 20)
        sendText(writer.text)
        if clicks {
            clickSent = intended
            if run.figures.isMeasuring { run.figures.clicksSent += 1 }
        }
        if run.figures.isMeasuring { run.figures.framesSent += 1 }
    }

    private func sendText(_ text: [UInt8]) { unsafe text.withUnsafeBufferPointer { unsafe sendFrame(.text, $0) } }

    private func sendFrame(_ opcode: FrameOpcode, _ payload: UnsafeBufferPointer<UInt8>) {
        guard let socket else { return }
        if unsafe !run.send(opcode, payload, maskKey: run.nextMask(), over: socket, as: .caller(number)) { end() }
    }
}
