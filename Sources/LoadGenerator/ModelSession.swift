import Glibc
import Transport

/// One session of the model's end: confirms what it is configured with, and speaks in real time once it is asked to; or
/// says back what a probe's caller says.
final class ModelSession {
    private enum Role { case unknown, speaker, echo }

    let number: Int
    private unowned let run: LoadRun
    private var socket: LoadSocket?
    private var decoder = FrameDecoder(role: .server, maximumMessageBytes: LoadRun.messageBytes)
    private var head: [UInt8] = []
    private var isOpen = false
    private var isLinear = false
    private var isAsked = false
    private var role = Role.unknown
    /// Audio messages so far, and how many of them were digital silence.
    private var appended = 0, silent = 0
    private var delta = 0

    init(number: Int, socket: LoadSocket, run: LoadRun) { (self.number, self.socket, self.run) = (number, socket, run) }

    private func end() {
        if let socket { run.forget(socket) }
        socket = nil
        role = .unknown
    }

    func ready() {
        guard let socket else { return }
        guard socket.flush() else { return end() }
        while self.socket != nil {
            let count = unsafe socket.receive(into: run.input)
            if count == 0 { break }
            guard count > 0 else { return end() }
            unsafe take(UnsafeMutableBufferPointer(rebasing: run.input[..<count]))
            if count < LoadRun.inputBytes { break }
        }
        if self.socket != nil { run.rewatch(socket, as: .model(number)) }
    }

    private func take(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        guard !isOpen else { return unsafe frames(bytes) }
        unsafe head.append(contentsOf: bytes)
        guard let end = head.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
        let lines = String(decoding: head[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let key = lines.first { $0.lowercased().hasPrefix("sec-websocket-key:") }?.split(separator: ":", maxSplits: 1)
            .last
        guard let key else { return self.end() }
        var rest = Array(head[end.upperBound...])
        isOpen = true
        head = []
        let accept = WebSocketHandshake.accept(for: String(key.drop { $0 == " " }))
        send(WebSocketHandshake.response(accept: accept))
        sendText(#"{"type":"session.created","event_id":"event_1","session":{"id":"sess_load"}}"#)
        if !rest.isEmpty { unsafe rest.withUnsafeMutableBufferPointer { unsafe frames($0) } }
    }

    private func frames(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        var bytes = unsafe bytes
        while true {
            switch unsafe decoder.next(&bytes) {
            case .needsMore: return
            case .text: unsafe heard(decoder.payload)
            case .binary, .pong: break
            case .ping: unsafe sendFrame(.pong, decoder.payload)
            case .close, .violation: return end()
            }
        }
    }

    private func heard(_ message: UnsafeBufferPointer<UInt8>) {
        if unsafe LoadText.find("input_audio_buffer.append", in: message) != nil {
            guard let audio = unsafe LoadText.value(after: "\"audio\":", in: message) else { return }
            unsafe heard(audio: UnsafeBufferPointer(rebasing: message[audio]))
        } else if unsafe LoadText.find("\"session.update\"", in: message) != nil {
            unsafe configure(message)
        } else if unsafe LoadText.find("\"response.create\"", in: message) != nil {
            guard !isAsked else { return }
            isAsked = true
            sendText(
                #"{"type":"response.created","event_id":"event_3","response":{"id":"resp_load","object":"realtime.response","status":"in_progress"}}"#
            )
            sendText(
                #"{"type":"response.output_item.added","event_id":"event_4","response_id":"resp_load","output_index":0,"item":{"id":"item_load","type":"message","role":"assistant","status":"in_progress","content":[]}}"#
            )
            decide()
        }
    }

    private func configure(_ message: UnsafeBufferPointer<UInt8>) {
        guard let session = unsafe LoadText.object(after: "\"session\":", in: message) else { return }
        let text = unsafe String(decoding: message[session], as: UTF8.self)
        isLinear = text.contains("audio/pcm\"")
        sendText(#"{"type":"session.updated","event_id":"event_2","session":\#(text)}"#)
    }

    private func heard(audio: UnsafeBufferPointer<UInt8>) {
        let bytes = unsafe LoadText.decodedBytes(audio)
        if run.figures.isMeasuring { run.figures.framesAtModel += bytes / (isLinear ? 960 : 160) }
        switch role {
        case .unknown:
            appended += 1
            if unsafe isSilence(audio) { silent += 1 }
            decide()
        case .echo:
            // Text for text: base64 in, the same base64 out.
            var text: [UInt8] = []
            swap(&text, &run.deltaText)
            text.removeAll(keepingCapacity: true)
            text += LoadRun.deltaHead
            unsafe text.append(contentsOf: audio)
            text += LoadRun.deltaTail
            unsafe text.withUnsafeBufferPointer { unsafe sendFrame(.text, $0) }
            run.deltaText = text
            if run.figures.isMeasuring { run.figures.framesSaid += bytes / (isLinear ? 960 : 160) }
        case .speaker: break
        }
    }

    private func isSilence(_ audio: UnsafeBufferPointer<UInt8>) -> Bool {
        let quiet: UInt8 = isLinear ? UInt8(ascii: "A") : UInt8(ascii: "/")
        return unsafe audio.dropLast(4).allSatisfy { $0 == quiet }
    }

    /// Whose session this is shows in the first sounds: only a probe's caller sends digital silence.
    private func decide() {
        guard isAsked, appended >= 5 else { return }
        role = silent >= 4 ? .echo : .speaker
        if role == .speaker { run.spoken(by: self) }
    }

    /// The delta that is due.
    func speak() {
        guard role == .speaker, let socket else { return }
        let deltas = isLinear ? run.linearDeltas : run.mulawDeltas
        let frame = deltas[delta % deltas.count]
        delta += 1
        guard unsafe frame.withUnsafeBufferPointer({ unsafe socket.send($0) }) else { return end() }
        if socket.hasBacklog { run.rewatch(socket, as: .model(number)) }
        if run.figures.isMeasuring { run.figures.framesSaid += run.options.deltaMilliseconds / 20 }
    }

    private func send(_ bytes: [UInt8]) {
        guard let socket else { return }
        if unsafe !bytes.withUnsafeBufferPointer({ unsafe socket.send($0) }) { end() }
    }

    private func sendText(_ text: String) {
        var text = text
        text.withUTF8 { unsafe sendFrame(.text, $0) }
    }

    private func sendFrame(_ opcode: FrameOpcode, _ payload: UnsafeBufferPointer<UInt8>) {
        guard let socket else { return }
        if unsafe !run.send(opcode, payload, maskKey: nil, over: socket, as: .model(number)) { end() }
    }
}
