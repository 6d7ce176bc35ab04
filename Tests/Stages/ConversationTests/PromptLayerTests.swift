import Testing

@testable import Conversation

@Suite struct `Prompt layers` {
    private let builder = PromptBuilder(rules: "Be short.")
    private let tea = PromptSource(
        inbound: .init(
            instructions: "You sell tea.", greeting: "Hello.",
            channels: [
                .whatsapp: .init(instructions: "Offer delivery.", greeting: "Hello, WhatsApp."),
                PromptChannel(rawValue: "sip"): .init(instructions: "It is the office."),
            ]),
        outbound: .init(instructions: "You ask how the tea was.", greeting: "Good evening."), language: "en",
        vocabulary: ["Assam", "Lapsang Souchong", "Assam", " "], languageRules: ["he": "בלשון נקבה."])

    @Test func `layers stand in one order, and each says its size`() throws {
        let prompt = try builder.build(
            from: tea, direction: .inbound, channel: .whatsapp, language: "he", today: "Sunday")
        #expect(prompt.layers.map(\.part) == [.universal, .direction, .channel, .language, .day])
        #expect(prompt.layers[1].text == "You sell tea." && prompt.layers[1].bytes == 13)
        #expect(prompt.layers[2].text.hasSuffix("\nOffer delivery."))
        #expect(prompt.layers[3].text.hasPrefix("Answer in Hebrew") && prompt.layers[3].text.hasSuffix("\nבלשון נקבה."))
        #expect(prompt.instructions == prompt.layers.map(\.text).joined(separator: "\n\n"))
        #expect(prompt.greeting == "Hello, WhatsApp." && prompt.channel == .whatsapp && prompt.language == "he")
    }

    @Test func `R13 directions, channels and languages hold only what is theirs`() throws {
        var seen: Set<String> = []
        for direction in CallDirection.allCases {
            for channel in [PromptChannel.calls, .whatsapp] {
                for language in ["en", "he"] {
                    let prompt = try builder.build(
                        from: tea, direction: direction, channel: channel, language: language)
                    let text = prompt.instructions
                    #expect(text.contains("You sell tea.") == (direction == .inbound))
                    #expect(text.contains("how the tea was") == (direction == .outbound))
                    #expect(text.contains("Offer delivery.") == (direction == .inbound && channel == .whatsapp))
                    #expect(text.contains("WhatsApp") == (channel == .whatsapp))
                    #expect(text.contains("בלשון") == (language == "he"))
                    #expect(prompt.greeting.contains("evening") == (direction == .outbound))
                    seen.insert(prompt.hash)
                }
            }
        }
        #expect(seen.count == 8)
    }

    @Test func `a channel is data: written for in one direction, it exists in that one`() throws {
        let sip = PromptChannel(rawValue: "sip")
        #expect(try builder.build(from: tea, direction: .inbound, channel: sip).greeting == "Hello.")
        #expect(throws: PromptError.unknownChannel(sip, .outbound)) {
            try builder.build(from: tea, direction: .outbound, channel: sip)
        }
        #expect(tea.channels(.inbound).map(\.rawValue) == ["calls", "sip", "whatsapp"])
        #expect(PromptChannel(address: "whatsapp:+15005550001", in: tea.inbound) == .whatsapp)
        #expect(PromptChannel(address: "WhatsApp:+15005550001", in: nil) == .whatsapp)
        #expect(PromptChannel(address: "sip:anna@tea.example", in: tea.inbound) == sip)
        #expect(PromptChannel(address: "sip:anna@tea.example", in: tea.outbound) == .calls)
        for address in ["+15005550001", "", "anonymous", ":"] {
            #expect(PromptChannel(address: address, in: tea.inbound) == .calls)
        }
        for name in ["", "A", "1a", "a b", "ä", String(repeating: "a", count: 33)] {
            #expect(!PromptChannel.isName(name), "\(name)")
        }
        #expect(PromptChannel.isName("web-rtc2"))
    }

    @Test func `speech-to-text is told the same words live and afterwards, each once`() throws {
        let prompt = try builder.build(from: tea, direction: .inbound)
        #expect(prompt.vocabulary == ["Assam", "Lapsang Souchong"])
        #expect(prompt.transcription == (try builder.transcription(from: tea)))
        #expect(prompt.transcription.prompt == "Assam, Lapsang Souchong" && prompt.transcription.language == "en")
        #expect(try builder.transcription(from: tea, language: "he").language == "he")
    }

    /// Too long by one byte, and just short enough.
    @Test(arguments: PromptPart.allCases.filter { ![.day, .universal, .session].contains($0) })
    func `a part that is too long is named with its size and its limit`(part: PromptPart) throws {
        let limit = part.maximumBytes
        func build(bytes: Int) throws(PromptError) {
            var source = PromptSource(inbound: .init(instructions: "Hi."), language: "")
            var caller = ""
            let text = String(repeating: "a", count: bytes)
            switch part {
            case .direction: source.inbound?.instructions = text
            case .channel: source.inbound?.channels[.calls] = .init(instructions: text)
            case .language: source.languageRules[""] = text
            case .greeting: source.inbound?.greeting = text
            case .vocabulary: source.vocabulary = [text]
            case .caller: caller = text
            case .tools:
                let own = [ToolDefinition.endCall].reduce(0) {
                    $0 + $1.name.utf8.count + $1.description.utf8.count + $1.parameters.utf8.count
                }
                source.tools = [.init(name: "", description: String(text.dropLast(own)), parameters: "")]
            case .universal, .day, .session: break
            }
            _ = try builder.build(from: source, direction: .inbound, callerContext: caller)
        }
        try build(bytes: limit)
        var found: PromptError?
        do throws(PromptError) { try build(bytes: limit + 1) } catch { found = error }
        #expect(found == .tooLong(part, bytes: limit + 1))
        let words = found?.description ?? ""
        for piece in [part.rawValue, "\(limit + 1)", "\(limit)"] { #expect(words.contains(piece), "\(words)") }
    }

    @Test func `the whole is measured as it is sent`() throws {
        // Line feeds take two bytes each: no layer is too long, the message is.
        var source = PromptSource(inbound: .init(instructions: "a" + String(repeating: "\n\"", count: 12_000) + "a"))
        source.tools = [.init(name: "t", description: String(repeating: "d", count: 15_000))]
        var found: PromptError?
        do throws(PromptError) { _ = try builder.build(from: source, direction: .inbound) } catch { found = error }
        #expect(found?.part == .session)
    }

    @Test func `problems are found in every direction, channel and language, each once`() {
        var source = tea
        source.outbound?.instructions = String(repeating: "b", count: 30_000)
        source.inbound?.channels[.whatsapp]?.greeting = String(repeating: "c", count: 3_000)
        source.languageRules["ar"] = String(repeating: "د", count: 4_000)
        let problems = builder.problems(in: source)
        let found = Set(problems.map { "\($0.direction) \($0.error.part.map { "\($0)" } ?? "")" })
        #expect(found == ["inbound language", "inbound greeting", "outbound direction"])
        #expect(problems.count == 3)
        #expect(problems.contains { $0.isChannelsOwn && $0.channel == .whatsapp })
        #expect(builder.problems(in: tea) == [])
    }
}
