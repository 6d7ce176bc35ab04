import Testing

@Suite struct OwnershipTests {
    @Test func `each fact is written where docs OWNERSHIP says, and nowhere else`() throws {
        let sources = try OwnershipTable.sources()
        let facts = try OwnershipTable.facts()
        #expect(facts.count >= 15)
        for fact in facts {
            let found = try OwnershipTable.files(with: fact.pattern, in: sources)
            #expect(found == fact.writers, "\(fact.name): `\(fact.pattern)`")
        }
    }

    @Test func `a second writer of a fact is found`() throws {
        var sources = try OwnershipTable.sources()
        let fact = try #require(try OwnershipTable.facts().first { $0.name == "a session's prompt" })
        sources["Sources/Elsewhere.swift"] = "let prompt = SessionPrompt(instructions: \"\")"
        #expect(try OwnershipTable.files(with: fact.pattern, in: sources) != fact.writers)
    }

    @Test func `the eight promises are kept by tests that are there`() throws {
        let keepers = try OwnershipTable.keepers()
        #expect(keepers.count == 8)
        let tests = try OwnershipTable.tests()
        for (promise, names) in keepers {
            #expect(!names.isEmpty, "\(promise) is kept by something")
            for name in names { #expect(OwnershipTable.exists(name, tests: tests), "\(promise): \(name)") }
        }
        #expect(!OwnershipTable.exists("a test that nobody wrote", tests: tests))
    }

    @Test func `nobody outside its room can make a session's prompt`() throws {
        let path = "Sources/Stages/RealtimeBridge/Conversation/Prompts/SessionPrompt.swift"
        let source = try #require(try OwnershipTable.sources()[path])
        let declaration = try #require(source.firstMatch(of: /struct SessionPrompt[^}]*?\n    (\w* ?)init\(/))
        #expect(declaration.1 == "", "no access level: internal")
    }

    /// The frame path has nothing to log with: its rooms do not know the logger (R15).
    @Test func `rooms of the frame path import no logger and print nothing`() throws {
        let rooms = [
            "Sources/AudioPipeline/", "Sources/Stages/MulawCodec/", "Sources/Stages/Resample/", "Sources/Stages/VAD/",
            "Sources/Stages/RealtimeBridge/", "Sources/Stages/Recording/", "Sources/Transport/",
        ]
        let sources = try OwnershipTable.sources()
        for room in rooms {
            #expect(sources.keys.contains { $0.hasPrefix(room) }, "\(room) is there")
            for (path, text) in sources where path.hasPrefix(room) {
                for word in ["import Logging\n", " print(", "NSLog(", "os_log("] {
                    #expect(!text.contains(word), "\(path)")
                }
            }
        }
    }
}
