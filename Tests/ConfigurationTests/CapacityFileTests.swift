import Configuration
import Foundation
import Testing

@Suite struct `Capacity file` {
    private static let host = HostIdentity(name: "bridge-1", processor: "AMD EPYC", cores: 4, kernel: "6.1.0")
    private static let day = Date(timeIntervalSince1970: 1_780_000_000)

    private static func file(calls: Int = 750) -> CapacityFile {
        CapacityFile(
            calls: calls, profile: .passthrough, detector: "energy-echo", tls: false, host: host,
            version: ServiceVersion.current, date: day, limitedBy: "core 0.83, limit 0.80", gapLimitMilliseconds: 25,
            coreLimit: 0.8,
            runs: [
                .init(
                    calls: 800, verdict: "broke", reasons: ["core 0.83, limit 0.80"], cores: 0.83,
                    gapP999Milliseconds: 21.5, microsecondsPerCallFrame: 20.8)
            ])
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("capacity-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func parse(_ limits: String, in folder: String) throws -> ServiceConfiguration {
        try ServiceConfiguration.parse(
            """
            limits: { \(limits) }
            tenants:
              - id: t
                numbers: ["+15005550001"]
                accountSid: AC00000000000000000000000000000001
                authToken: ${TOKEN}
                inbound: { instructions: "Be brief.", greeting: "Hello." }
                fallback: { text: "Sorry." }
            """, file: "x.yaml", directory: folder, environment: ["TOKEN": "secret"])
    }

    @Test func `what is written is read again the same`() throws {
        try withFolder { folder in
            try Self.file().write(to: folder + "/c.json")
            #expect(try CapacityFile(contentsOf: folder + "/c.json") == Self.file())
        }
    }

    @Test func `beside the configuration it is the limit, and above it nobody may choose`() throws {
        try withFolder { folder in
            #expect(try parse("drainSeconds: 9", in: folder).limits.maximumCalls == 200)
            try Self.file().write(to: folder + "/capacity.json")
            let taken = try parse("drainSeconds: 9", in: folder)
            #expect(taken.limits.maximumCalls == 750 && taken.limits.capacityFile == folder + "/capacity.json")
            #expect(try parse("maximumCalls: 300", in: folder).limits.maximumCalls == 300)
            #expect(try parse("maximumCalls: 900", in: folder).limits.maximumCalls == 750)
            let free = try parse("maximumCalls: 900, capacityFile: none", in: folder)
            #expect(free.limits.maximumCalls == 900 && free.limits.capacity == nil)
            // Printed and read again, both stay what they are.
            for configuration in [taken, free] {
                let again = try ServiceConfiguration.parse(
                    configuration.effectiveYAML(), file: "p.yaml", directory: folder, environment: ["TOKEN": "secret"])
                #expect(again.limits == configuration.limits)
            }
            #expect(try ServiceConfiguration.embeddedDefaults(measuredIn: folder).limits.maximumCalls == 750)
        }
    }

    @Test(arguments: [
        (#""calls" : 750"#, #""calls" : 0"#, "calls: 0, expected 1 ... 10000"),
        (#""calls" : 750"#, #""calls" : "many""#, "calls: expected a whole number"),
        (#""calls" : 750,"#, "", "calls: is missing"),
        (#""cores" : 4,"#, "", "host.cores: is missing"),
        (#""format" : 1"#, #""format" : 2"#, "format: 2, expected 1"),
        (#""profile" : "passthrough""#, #""profile" : "psychic""#, "profile: "),
        ("{", "", "is no JSON of `media-bridge bench --find-capacity`"),
    ])
    func `what is wrong with one is said by field, and nothing starts`(_ old: String, _ new: String, _ said: String)
        throws
    {
        try withFolder { folder in
            let path = folder + "/capacity.json"
            try Self.file().write(to: path)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let start = try #require(text.range(of: old))
            try text.replacingCharacters(in: start, with: new).write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: ConfigurationError.self) { try parse("drainSeconds: 9", in: folder) }
            let problem = try #require(error?.problems.first)
            #expect(problem.field == "limits.capacityFile" && problem.message.contains("\(path): \(said)"))
        }
    }

    @Test func `one that is named has to be there`() throws {
        try withFolder { folder in
            let error = #expect(throws: ConfigurationError.self) { try parse("capacityFile: c.json", in: folder) }
            #expect(error?.problems.first?.message == "no such file, or not readable: \(folder)/c.json")
        }
    }

    @Test func `age, another host, another version and dearer work are doubts`() {
        let file = Self.file()
        func doubts(
            host: HostIdentity = Self.host, version: String = ServiceVersion.current,
            profile: CapacityProfile = .passthrough, tls: Bool = false, days: Double = 1
        ) -> [String] {
            file.doubts(
                host: host, version: version, profile: profile, tls: tls,
                at: Self.day.addingTimeInterval(days * 86_400))
        }
        #expect(doubts().isEmpty && doubts(profile: .batched).isEmpty && doubts(days: 30.9).isEmpty)
        #expect(doubts(days: 31) == ["31 days old"])
        #expect(doubts(days: -2) == ["measured in the future"])
        #expect(doubts(version: "9.0.0") == ["measured with version \(ServiceVersion.current), this is 9.0.0"])
        #expect(doubts(profile: .transcode) == ["measured as passthrough, calls here are transcode"])
        #expect(doubts(tls: true) == ["measured without TLS, calls here have it"])
        var other = Self.host
        (other.name, other.cores) = ("bridge-2", 2)
        #expect(
            doubts(host: other) == [
                "measured on another host: host bridge-2, not bridge-1", "measured on another host: cores 2, not 4",
            ])
    }

    @Test func `a configuration's profile is the one its calls come nearest to`() throws {
        var configuration = ServiceConfiguration.embeddedDefaults()
        #expect(configuration.capacityProfile == .passthrough)
        configuration.model.audioFormat = .pcm24
        #expect(configuration.capacityProfile == .transcode)
        configuration.tenants[0].uplinkBatchMilliseconds = 100
        #expect(configuration.capacityProfile == .transcode)
        configuration.tenants[0].downlinkBatchMilliseconds = 100
        #expect(configuration.capacityProfile == .batched)
    }

    @Test func `this host has a name, a processor and cores`() {
        let host = HostIdentity.current()
        #expect(host.cores > 0 && !host.name.isEmpty && !host.kernel.isEmpty && host == .current())
    }
}
