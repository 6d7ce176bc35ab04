import Configuration
import Testing
import Transport
import TurnStore

@testable import CallControl

@Suite struct `Recording webhook` {
    private static func fields(_ url: String, status: String = "completed") -> [(String, String)] {
        [
            ("AccountSid", account), ("CallSid", callID), ("RecordingSid", recordingID), ("RecordingUrl", url),
            ("RecordingStatus", status), ("RecordingDuration", "12"), ("RecordingChannels", "2"),
        ]
    }
    private let url = "https://api.twilio.com/2010-04-01/Accounts/\(account)/Recordings/\(recordingID)"

    private func service(carrier: Bool = true) throws -> Service {
        try Service {
            $0.tenants[0].recordingEnabled = true
            $0.tenants[0].recording.source = carrier ? .carrier : .own
        }
    }

    @Test func `a completed recording is kept and becomes one job, however often it is said`() throws {
        let service = try service()
        for _ in 0..<3 {
            #expect(try service.post(Service.form("/twilio/recording", Self.fields(url))).status == 204)
        }
        service.waitForStore()
        let jobs = try service.store.jobs.list()
        #expect(jobs.map(\.key) == [recordingID] && jobs[0].kind == .fetchRecording && jobs[0].call == callID)
        let order = try #require(RecordingOrder(payload: jobs[0].payload))
        #expect(order.url == url && order.channels == 2 && order.account == account)
        #expect(
            try service.store.reader.carrierEvents(of: callID).map(\.kind) == ["recording-completed:\(recordingID)"])
        #expect(service.counters[.eventRepeated] == 2)
    }

    @Test(arguments: [
        "https://example.com/Recordings/RE1", "http://api.twilio.com/Recordings/RE1", "https://169.254.169.254/RE1",
        "https://api.twilio.com@example.com/RE1", "file:///etc/passwd", "",
    ])
    func `a recording elsewhere is kept on record and asked of nobody`(url: String) throws {
        let service = try service()
        #expect(try service.post(Service.form("/twilio/recording", Self.fields(url))).status == 204)
        #expect(try service.store.jobs.list().isEmpty)
        #expect(service.counters[.recordingHostRefused] == 1)
    }

    @Test func `no tenant wants it, or it is not completed: nothing is fetched`() throws {
        let own = try service(carrier: false)
        #expect(try own.post(Service.form("/twilio/recording", Self.fields(url))).status == 204)
        #expect(try own.store.jobs.list().isEmpty && own.counters[.recordingUnwanted] == 1)
        let other = try service()
        #expect(try other.post(Service.form("/twilio/recording", Self.fields(url, status: "absent"))).status == 204)
        #expect(try other.store.jobs.list().isEmpty)
    }

    @Test func `a signature and an id are asked for`() throws {
        let service = try service()
        #expect(try service.post(Service.form("/twilio/recording", Self.fields(url), key: "wrong")).status == 403)
        var fields = Self.fields(url)
        fields[2].1 = "../../etc/passwd"
        #expect(try service.post(Service.form("/twilio/recording", fields)).status == 400)
        #expect(try service.store.jobs.list().isEmpty)
    }

    @Test func `the carrier is told to record where a tenant says so, and only there`() throws {
        let told = try service().voice().text
        #expect(told.contains(#"<Start><Recording channels="dual" trim="do-not-trim""#))
        #expect(told.contains(#"recordingStatusCallback="https://bridge.example.com/twilio/recording""#))
        #expect(try !service(carrier: false).voice().text.contains("<Recording"))
        #expect(try !Service().voice().text.contains("<Recording"))
    }
}
