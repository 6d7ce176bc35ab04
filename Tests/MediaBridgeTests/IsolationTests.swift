import Configuration
import Conversation
import Testing
import TurnStore

@testable import CarrierPhone
@testable import MediaBridge

@Suite struct `Isolation` {
    private static let salonNumber = "+15005550002"

    @Test func `S69 two tenants, the same caller, interleaved calls: no prompt, greeting or voice crosses over`()
        async throws
    {
        var plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 200))))
        plan.configure = { configuration in
            var salon = configuration.tenants[0]
            salon.id = "salon"
            salon.numbers = [Self.salonNumber]
            salon.inbound = .init(instructions: "You cut hair.", greeting: "Welcome to the salon.")
            salon.voice = "cedar"
            configuration.tenants.append(salon)
        }
        try await withService(plan) { rig in
            var carriers: [RawCarrier] = []
            for number in [ServiceRig.number, Self.salonNumber, ServiceRig.number, Self.salonNumber] {
                let call = ServiceRig.newCall()
                let post = FormPost(
                    url: rig.origin + "/twilio/voice", form: ServiceRig.form(call: call, to: number),
                    authToken: ServiceRig.authToken, trustedAuthoritiesFile: nil)
                let url = try #require(try TwiMLDocument(try await post.send().body).stream()).url
                let carrier = rig.carrier(url, call: call)
                #expect(try await carrier.opened())
                carrier.start()
                carriers.append(carrier)
            }
            for (index, carrier) in carriers.enumerated() {
                try await eventually("call \(index) to be greeted") { !carrier.heard.isEmpty }
            }
            let model = try #require(rig.model)
            #expect(model.sessions.count == 4)
            var salons = 0
            for session in model.sessions {
                let said = session.messages.map(\.text).joined(separator: "\n")
                let isSalon = said.contains("You cut hair.")
                if isSalon { salons += 1 }
                #expect(said.contains("Welcome to the salon.") == isSalon)
                #expect(said.contains("cedar") == isSalon)
                #expect(said.contains("Be brief.") != isSalon)
                #expect(said.contains(ServiceRig.greeting) != isSalon)
            }
            #expect(salons == 2)
            let tenants = try carriers.map { try rig.stored($0.call)?.tenant }
            #expect(tenants == ["demo", "salon", "demo", "salon"])
        }
    }
}
