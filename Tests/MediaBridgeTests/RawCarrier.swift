import Foundation
import MulawCodec
import Synchronization
import Testing
import Transport

@testable import CarrierPhone

/// The carrier's end of one stream, message by message, for what a well-behaved phone would never send.
final class RawCarrier: WebSocketHandler, @unchecked Sendable {
    // Sendable: `socket` is the loop's alone; the rest lies behind the mutex.
    private struct State {
        var isOpen = false
        var close: WebSocketClose?
        var audio: [UInt8] = []
        var events: [String] = []
    }

    let call: String
    let stream: String
    private let account: String
    private let loop: EventLoop
    private let state = Mutex(State())
    private var socket: WebSocket?
    private let sequence = Mutex(0)

    /// - Parameters:
    ///   - token: signs the upgrade; nil sends no signature.
    ///   - port: connects there instead; the signature is still over `url`.
    init(
        _ url: String, call: String, account: String, token: String?, on loop: EventLoop, authorities: String? = nil,
        via port: Int? = nil
    ) {
        (self.call, self.account, self.loop) = (call, account, loop)
        stream = "MZ" + (0..<32).map { _ in String("0123456789abcdef".randomElement()!) }.joined()
        var headers: [(name: String, value: String)] = []
        if let token { headers.append(("X-Twilio-Signature", RequestSignature.sign(url: url, authToken: token))) }
        var address = url
        if let port, let direct = URL(string: url)?.port {
            address = url.replacing(":\(direct)/", with: ":\(port)/")
        }
        loop.submit { [self, headers, address] in
            var options = WebSocketOptions()
            options.maximumMessageBytes = 1 << 20
            options.sendQueueBytes = 4 << 20
            options.trustedAuthoritiesFile = authorities
            socket = try? WebSocket.connect(to: address, headers: headers, options: options, on: loop, handler: self)
        }
    }

    var isOpen: Bool { state.withLock { $0.isOpen } }
    var close: WebSocketClose? { state.withLock { $0.close } }
    /// What the caller was sent, in mu-law.
    var heard: [UInt8] { state.withLock { $0.audio } }
    func count(_ event: String) -> Int { state.withLock { $0.events.count { $0 == event } } }

    /// Waits until the upgrade was answered.
    /// - Returns: false when it was refused.
    func opened() async throws -> Bool {
        try await eventually("the upgrade to be answered") { [self] in isOpen || close != nil }
        return isOpen
    }

    // MARK: What the carrier says

    func send(_ text: String) { loop.submit { [self] in socket?.sendText(text) } }
    func sendBinary(_ bytes: [UInt8]) { loop.submit { [self] in socket?.sendBinary(bytes.span) } }
    func hangUp() { loop.submit { [self] in socket?.close() } }
    func drop() { loop.submit { [self] in socket?.abort() } }

    private func next() -> Int {
        sequence.withLock { number in
            number += 1
            return number
        }
    }

    func start(call other: String? = nil) {
        send(#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#)
        startOnly(call: other)
    }

    func startOnly(call other: String? = nil) {
        let call = other ?? call
        send(
            """
            {"event":"start","sequenceNumber":"\(next())","streamSid":"\(stream)","start":{"streamSid":"\(stream)",\
            "accountSid":"\(account)","callSid":"\(call)","tracks":["inbound"],"customParameters":{},\
            "mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}
            """)
    }

    /// - Parameter number: the sequence number; nil takes the next one.
    func media(_ audio: [UInt8], at milliseconds: Int, number: Int? = nil, track: String = "inbound") {
        let payload = Data(audio).base64EncodedString()
        send(
            """
            {"event":"media","sequenceNumber":"\(number ?? next())","streamSid":"\(stream)","media":{"track":"\(track)",\
            "chunk":"1","timestamp":"\(milliseconds)","payload":"\(payload)"}}
            """)
    }

    func stop() {
        send(
            """
            {"event":"stop","sequenceNumber":"\(next())","streamSid":"\(stream)",\
            "stop":{"accountSid":"\(account)","callSid":"\(call)"}}
            """)
    }

    // MARK: What it hears

    func webSocketDidOpen(_ socket: WebSocket) { state.withLock { $0.isOpen = true } }

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        let data = unsafe message.withUnsafeBufferPointer { unsafe Data($0) }
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let event = object["event"] as? String
        else { return state.withLock { $0.events.append("not JSON") } }
        let audio = (object["media"] as? [String: Any])?["payload"] as? String
        state.withLock { state in
            state.events.append(event)
            if let audio { state.audio += Data(base64Encoded: audio) ?? Data() }
        }
        // Heard at once: the line of this carrier has no length.
        if event == "mark", let name = (object["mark"] as? [String: Any])?["name"] as? String {
            send(
                """
                {"event":"mark","sequenceNumber":"\(next())","streamSid":"\(stream)","mark":{"name":"\(name)"}}
                """)
        }
    }

    func webSocketDidDrain(_ socket: WebSocket) {}

    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
        self.socket = nil
        state.withLock { $0.close = close }
    }
}

/// The caller's sound, made up.
enum CallerSound {
    /// 20 ms that no other number gives, quieter than any threshold: RMS some 60 of 32,768.
    static func quiet(_ number: Int) -> [UInt8] {
        (0..<160).map { place in
            let nibble = place < 4 ? number >> (4 * place) : place * 7 + number
            return UInt8(truncatingIfNeeded: (place % 2 == 0 ? 0xF0 : 0x70) | nibble & 0xF)
        }
    }

    /// Root mean square of mu-law code words.
    static func level(_ audio: some Sequence<UInt8>) -> Double {
        var sum = 0.0
        var count = 0.0
        for code in audio {
            let sample = Double(MulawDecoder.decode(code))
            sum += sample * sample
            count += 1
        }
        return count > 0 ? (sum / count).squareRoot() : 0
    }
}
