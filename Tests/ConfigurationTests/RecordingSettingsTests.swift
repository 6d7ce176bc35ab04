import Conversation
import Testing

@testable import Configuration

@Suite struct `Recording settings` {
    private func tenant(_ recording: String, twilio: String = "") throws -> (Tenant, ServiceConfiguration) {
        let configuration = try parse(smallest + recording + twilio)
        return (configuration.tenants[0], configuration)
    }

    @Test func `recording is off, and nothing is said of it`() throws {
        let (tenant, _) = try tenant("")
        #expect(!tenant.recordsItself && !tenant.carrierRecords && tenant.recording.notice == nil)
    }

    @Test func `the source is one of two, and only one records`() throws {
        let (own, _) = try tenant("    recording: {enabled: true}\n")
        #expect(own.recordsItself && !own.carrierRecords)
        let (carrier, _) = try tenant("    recording: {enabled: true, source: carrier}\n")
        #expect(!carrier.recordsItself && carrier.carrierRecords)
        let (off, _) = try tenant("    recording: {source: carrier}\n")
        #expect(!off.recordsItself && !off.carrierRecords)
    }

    @Test func `the notice goes before the greeting's words, in whatever channel calls are greeted`() throws {
        var (tenant, _) = try tenant("    recording: {enabled: true, notice: This call is recorded.}\n")
        #expect(tenant.promptSource.inbound?.greeting == "This call is recorded.")
        tenant.inbound?.greeting = "Hello."
        #expect(tenant.promptSource.inbound?.greeting == "This call is recorded. Hello.")
        tenant.inbound?.channels[.calls] = .init(instructions: "", greeting: "Good day.")
        tenant.inbound?.channels[PromptChannel(rawValue: "whatsapp")] = .init(instructions: "", greeting: "Hi.")
        let channels = tenant.promptSource.inbound?.channels
        #expect(channels?[.calls]?.greeting == "This call is recorded. Good day.")
        #expect(channels?[PromptChannel(rawValue: "whatsapp")]?.greeting == "Hi.")
        // A call that is not recorded is not said to be.
        tenant.recordingEnabled = false
        #expect(tenant.promptSource.inbound?.greeting == "Hello.")
    }

    @Test func `outside business hours the notice is said too`() throws {
        let (tenant, _) = try tenant(
            """
                recording: {enabled: true, notice: This call is recorded.}
                hours:
                  open: [{days: [monday], from: "09:00", to: "17:00"}]
                  outside: {greeting: We are closed.}

            """)
        #expect(tenant.promptSourceWhenClosed?.inbound?.greeting == "This call is recorded. We are closed.")
    }

    @Test func `hosts are names, and a source is one of its words`() throws {
        let (_, configuration) = try tenant("", twilio: "twilio: {mediaHosts: [bucket.s3.amazonaws.com]}\n")
        #expect(configuration.twilio.mediaHosts == ["bucket.s3.amazonaws.com"])
        for host in ["https://bucket.example.com", "*.example.com", "localhost", "a.b:443", ".example.com"] {
            #expect(throws: ConfigurationError.self) {
                _ = try tenant("", twilio: "twilio: {mediaHosts: ['\(host)']}\n")
            }
        }
        #expect(throws: ConfigurationError.self) { _ = try tenant("    recording: {source: theirs}\n") }
    }
}
