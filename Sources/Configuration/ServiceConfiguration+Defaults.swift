import Conversation

extension ServiceConfiguration {
    /// The number, account and token of the embedded tenant. They open nothing but a loopback listener.
    public static let demoNumber = "+15005550001"
    public static let demoAccountSid = "AC00000000000000000000000000000001"
    public static let demoAuthToken = Secret("0123456789abcdef0123456789abcdef")

    /// What runs without a file: loopback only, the local agent, one tenant.
    public static func embeddedDefaults(
        storePath: String = "./media-bridge.sqlite", recordingDirectory: String = "./recordings"
    ) -> ServiceConfiguration {
        var configuration = ServiceConfiguration()
        configuration.storePath = storePath
        configuration.recordingDirectory = recordingDirectory
        var tenant = Tenant(
            id: "demo", numbers: [demoNumber], accountSid: demoAccountSid, authToken: demoAuthToken,
            fallback: .text("We cannot take your call right now. Please try again later. Goodbye."))
        tenant.inbound = .init(
            instructions: """
                You are the telephone assistant of a small clinic. Help callers to book, move or cancel an appointment, \
                and answer questions about opening hours: Sunday to Thursday, nine to five.
                """,
            greeting: "Hello, you have reached the clinic. How can I help you?")
        configuration.tenants = [tenant]
        return configuration
    }
}
