import CallExport
import Foundation
import Recording
import Testing
import TurnStore

@Suite struct CallExportTests {
    // MARK: Text

    @Test func `text has a line for each turn, with its time and where it was cut`() {
        let lines = CallText.text(of: ExportedCall.make()).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "call CA1, tenant clinic, inbound")
        #expect(lines[2] == "ended after 01:01.2, agentSaidGoodbye")
        #expect(lines[4] == "[00:00.0] Agent: Hello.")
        #expect(lines[6] == "[00:06.4] Agent: שלום, איך אפשר [interrupted at 00:08.5]")
    }

    @Test func `text keeps one turn on one line, whatever it holds`() {
        let call = ExportedCall.make(turns: [
            ExportedCall.turn(0, "caller", "one\n[00:00.0] Agent: two", from: 0, to: 1)
        ])
        #expect(CallText.text(of: call).split(separator: "\n").last == "[00:00.0] Caller: one [00:00.0] Agent: two")
    }

    @Test func `no format for people names a telephone number`() {
        let call = ExportedCall.make()
        for text in [CallText.text(of: call), WebVTT.text(of: call), CallPage(call, waveform: nil).html] {
            #expect(!text.contains("5005550"))
        }
    }

    // MARK: Subtitles

    @Test func `subtitles are WebVTT with a voice for each cue, and nothing ends a cue early`() {
        let call = ExportedCall.make()
        let text = WebVTT.text(of: call)
        #expect(text.hasPrefix("WEBVTT\n\n1\n00:00:00.055 --> 00:00:03.820\n<v Agent>Hello.\n\n2\n"))
        // `-->` inside the words would begin another cue.
        #expect(text.components(separatedBy: "-->").count == 4)
        #expect(text.contains("&lt;/script&gt;"))
        #expect(!text.contains("<script>"))
    }

    @Test func `a turn that never ended has a cue that ends with the call, and one without words has none`() {
        let call = ExportedCall.make(turns: [
            ExportedCall.turn(0, "caller", "", from: 0, to: 10),
            ExportedCall.turn(1, "agent", "Goodbye.", from: 60_000, to: nil),
        ])
        #expect(WebVTT.text(of: call) == "WEBVTT\n\n1\n00:01:00.000 --> 00:01:01.230\n<v Agent>Goodbye.\n")
    }

    // MARK: The page

    @Test func `words of a caller stay words in the page`() {
        let html = CallPage(ExportedCall.make(), waveform: nil).html
        #expect(!html.contains("<script"))
        #expect(html.contains("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quoted&quot;"))
    }

    @Test func `the page draws turns, the interruption, the hole and the latency`() {
        let html = CallPage(ExportedCall.make(), waveform: Waveform(ExportedCall.recording, columns: 100)).html
        #expect(html.components(separatedBy: "<rect class=\"turn ").count == 4)
        #expect(html.contains("<title>interrupted at 00:08.5</title>"))
        #expect(html.contains("a hole of 420 ms until 00:07.5"))
        #expect(html.contains("the model was late"))
        // 500 of 900 ms.
        #expect(html.contains("<span class=\"endpointing\" style=\"width:55.56%\""))
        #expect(html.contains("<polygon class=\"wave caller\"") && html.contains("<polygon class=\"wave agent\""))
    }

    @Test func `the page asks for nothing over the network, with sound or without`() {
        let audio = CallPage.Audio(type: "audio/ogg", bytes: Array("OggS".utf8))
        for html in [
            CallPage(ExportedCall.make(), waveform: nil).html,
            CallPage(ExportedCall.make(), waveform: nil, audio: audio).html,
        ] {
            #expect(html.contains("default-src 'none'"))
            #expect(!html.contains("http://") && !html.contains("https://"))
        }
        let html = CallPage(ExportedCall.make(), waveform: nil, audio: audio).html
        #expect(html.contains("src=\"data:audio/ogg;base64,T2dnUw==\""))
    }

    @Test func `an hour is still drawn, and a call without an end or turns too`() {
        var call = ExportedCall.make(turns: [ExportedCall.turn(0, "agent", "Hello.", from: 3_599_000, to: 3_600_000)])
        #expect(CallPage(call, waveform: nil).html.contains("width=\"30000\""))
        (call.turns, call.endedAtUnixMilliseconds, call.holes) = ([], nil, [])
        #expect(CallPage(call, waveform: nil).html.contains("Nobody said anything."))
    }

    @Test func `the text that holds is shown when it is the recording's, and the turns stay`() {
        var call = ExportedCall.make()
        let heard = OfflineTranscript(
            call: call.id, channel: .caller, text: "Weasels <have> eaten it.", engine: "whisper", language: "en",
            confidence: 0.9, audioMilliseconds: 60_000, audioSHA256: "00", segments: nil, madeAtUnixMilliseconds: 1)
        for (source, shows) in [(TranscriptDecision.Source.recording, true), (.realtime, false)] {
            let decision = TranscriptDecision(
                call: call.id, source: source, reason: "richer", decidedAtUnixMilliseconds: 1)
            call.transcript = StoredTranscript(turns: call.turns, recording: [heard], decision: decision)
            #expect(CallText.text(of: call).contains("Caller: Weasels <have> eaten it.") == shows)
            #expect(CallText.text(of: call).contains("[00:00.0] Agent: Hello."))
            #expect(WebVTT.text(of: call).contains("Weasels &lt;have&gt; eaten it.") == shows)
            #expect(CallPage(call, waveform: nil).html.contains("Weasels &lt;have&gt; eaten it.") == shows)
        }
    }

    // MARK: The waveform

    @Test func `a waveform shows each voice where it was and as loud as it was`() {
        let waveform = Waveform(ExportedCall.recording, columns: 10)
        #expect(waveform.milliseconds == 2_000)
        #expect(waveform.channels[0].highs == [0.5, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0, 0])
        #expect(waveform.channels[1].lows == [0, 0, 0, 0, 0, -0.25, -0.25, -0.25, -0.25, -0.25])
    }

    @Test func `a recording of nothing, or of less than the columns, is drawn`() {
        let format = WAVFormat(channels: 2, sampleRateHz: 8_000)
        #expect(Waveform(WAVFile(format: format, samples: []), columns: 100).channels[1].highs == [0])
        #expect(Waveform(WAVFile(format: format, samples: [1, 2, 3, 4]), columns: 100).channels[0].highs.count == 2)
    }
}
