import Foundation

/// Fifty messages of one kind that differ in what differs on the wire, each with room behind it for simdjson.
struct Workload {
    let messages: [[UInt8]]
    /// Bytes of each that are message.
    let counts: [Int]
    let audioBytes: Int

    private init(padding: Int, audioBytes: Int, _ text: (Int, String) -> String) {
        let texts = (0..<50).map { index in
            let audio = (0..<audioBytes).map { UInt8(truncatingIfNeeded: ($0 &+ index) &* 37 &+ $0 >> 5) }
            return Array(text(index, Data(audio).base64EncodedString()).utf8)
        }
        counts = texts.map(\.count)
        messages = texts.map { $0 + [UInt8](repeating: 0, count: padding) }
        self.audioBytes = audioBytes
    }

    /// 20 ms of a telephone call, as Twilio writes it.
    static func carrier(padding: Int) -> Workload {
        Workload(padding: padding, audioBytes: 160) { index, payload in
            """
            {"event":"media","sequenceNumber":"\(980 + index)","media":{"track":"inbound","chunk":"\(979 + index)",\
            "timestamp":"\(19_580 + index * 20)","payload":"\(payload)"},"streamSid":"MZ18ad3ab5a668481ce02b83e7395059f0"}
            """
        }
    }

    /// A delta of a model's speech, as OpenAI writes it.
    static func model(padding: Int, audioBytes: Int) -> Workload {
        Workload(padding: padding, audioBytes: audioBytes) { index, payload in
            """
            {"type":"response.output_audio.delta","event_id":"event_BGWzqXz5Xc2Zu0JpN4F\(100 + index)",\
            "response_id":"resp_BGWzpCp2wkmfgvSUzk5F3","item_id":"item_BGWzpXRMZnPyt0mAkSlVm","output_index":0,\
            "content_index":0,"delta":"\(payload)"}
            """
        }
    }
}
