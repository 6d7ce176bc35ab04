import ArgumentParser
import Configuration
import Conversation
import Foundation
import TurnStore

struct PromptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prompt", abstract: "Show what agents are told, now and in past calls, and compare revisions.",
        discussion: """
            A prompt is made of layers in one order: universal (every agent of this service), direction (what the tenant \
            wrote for inbound or outbound calls; one never stands in for the other), channel, language, and the day. Its \
            hash is over all of them but the day; each call keeps the hash it was given (`media-bridge show CALL --json`).
            """,
        subcommands: [Show.self, Diff.self, List.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print one prompt with its layers, sizes and hash.",
            discussion: """
                Without --hash or --call: what a call that begins now would be told by the configuration. With them: what \
                past calls were told, from the turn store; the date and the caller's own data are not kept there.

                  media-bridge prompt show --config bridge.yaml --tenant clinic --direction inbound
                  media-bridge prompt show --config bridge.yaml --call CA1234
                """)
        @OptionGroup var source: StoreOptions
        @OptionGroup var call: PromptCallOptions
        @Option(help: "A prompt that was used, by its hash or the beginning of it.") var hash: String?
        @Option(name: .customLong("call"), help: "The prompt of a past call, by its id or the beginning of it.")
        var pastCall: String?
        @Flag(help: "JSON instead of text.") var json = false

        func validate() throws {
            if hash != nil, pastCall != nil { throw ValidationError("--hash, --call: one of them was expected") }
        }

        func run() throws {
            let revision: PromptRevision =
                if let hash {
                    .hash(hash)
                } else if let pastCall {
                    .call(pastCall)
                } else {
                    .configuration(source.config)
                }
            let sheet = try revision.sheet(of: call, in: source)
            if json { try printJSON(sheet) } else { print(sheet.text) }
        }
    }

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare two revisions of a prompt. Exit 0: the same; 1: they differ; 2: trouble.",
            discussion: """
                A revision is one of:
                  FILE       what that configuration file says (with --tenant, --direction, --channel, --language)
                  HASH       what calls with that prompt hash were told: 16 hexadecimal digits, or their beginning after hash:
                  call:CALL  what that call was told, by its id or the beginning of it

                Hashes and calls are looked up in the turn store (--store, or the configuration's of --config). The day is \
                not compared.

                  media-bridge prompt diff old.yaml new.yaml --tenant clinic
                  media-bridge prompt diff call:CA1234 bridge.yaml --config bridge.yaml --direction inbound
                """)
        @Argument(help: "The revision before.") var before: PromptRevision
        @Argument(help: "The revision after.") var after: PromptRevision
        @OptionGroup var source: StoreOptions
        @OptionGroup var call: PromptCallOptions
        @Flag(help: "JSON instead of text.") var json = false

        func run() throws {
            let sheets: (PromptSheet, PromptSheet)
            do { sheets = (try before.sheet(of: call, in: source), try after.sheet(of: call, in: source)) } catch {
                // 1 means that they differ.
                guard let failure = error as? CommandFailure else { throw error }
                complain("Error: \(failure)")
                throw ExitCode(2)
            }
            let differences = zip(sheets.0.parts, sheets.1.parts).map {
                LineDifference($0.name, from: $0.lines, to: $1.lines)
            }.filter { !$0.isEmpty }
            if json {
                try printJSON(Comparison(before: sheets.0.hash, after: sheets.1.hash, parts: differences))
            } else {
                print("--- \(before): \(sheets.0.hash)\n+++ \(after): \(sheets.1.hash)")
                for difference in differences { print("\n== \(difference.part)\n\(difference.text)") }
                if differences.isEmpty { print("\nthe same") }
            }
            if !differences.isEmpty { throw ExitCode(1) }
        }

        private struct Comparison: Encodable {
            /// Hashes.
            var before: String
            var after: String
            var parts: [LineDifference]
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the prompts that calls were given, newest first, with their hashes.")
        @OptionGroup var source: StoreOptions
        @Option(help: "Only this tenant's.") var tenant: String?
        @Option(help: "How many.") var limit = 20
        @Flag(help: "JSON instead of a table.") var json = false

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit: \(limit), expected at least 1") }
        }

        func run() throws {
            let prompts = try source.open().prompts(tenant: tenant, limit: limit)
            if json { return try printJSON(prompts.map(PromptSheet.init)) }
            guard !prompts.isEmpty else { return print("no prompts yet") }
            let rows = prompts.map { prompt in
                let bytes = prompt.layers.reduce(0) { $0 + $1.text.utf8.count }
                return [
                    localTime(prompt.firstUsedAtUnixMilliseconds), prompt.hash, prompt.tenant, prompt.direction,
                    prompt.channel, prompt.language, "\(bytes)",
                ]
            }
            print(table(["first used", "hash", "tenant", "direction", "channel", "language", "bytes"], rows))
        }
    }
}

/// Which of a configuration's prompts.
struct PromptCallOptions: ParsableArguments {
    @Option(help: "The tenant's id. May be left out when there is only one.") var tenant: String?
    @Option(help: "inbound (the default) or outbound.", transform: Self.direction)
    var direction = CallDirection.inbound
    @Option(
        help: "The way the call comes: calls (the default), whatsapp, or one that the tenant writes rules for.",
        transform: Self.channel)
    var channel = PromptChannel.calls
    @Option(help: "ISO 639-1. Default: the tenant's.") var language: String?
    @Flag(help: "Of a call outside the tenant's business hours, where its agent is told something else then.")
    var closed = false

    private static func direction(_ text: String) throws -> CallDirection {
        guard let direction = CallDirection(rawValue: text) else {
            throw ValidationError("`\(text)`; inbound or outbound was expected")
        }
        return direction
    }

    private static func channel(_ text: String) throws -> PromptChannel {
        guard PromptChannel.isName(text) else {
            throw ValidationError("`\(text)`; small letters, digits and `-` were expected")
        }
        return PromptChannel(rawValue: text)
    }
}

/// Where the text of a prompt is to come from.
enum PromptRevision: ExpressibleByArgument, CustomStringConvertible {
    /// Nil: the embedded one.
    case configuration(String?)
    case hash(String)
    case call(String)

    init?(argument: String) {
        if argument.isEmpty { return nil }
        if argument.hasPrefix("call:") {
            self = .call(String(argument.dropFirst(5)))
        } else if argument.hasPrefix("hash:") {
            self = .hash(String(argument.dropFirst(5)))
        } else if argument.count == 16, argument.allSatisfy({ $0.isASCII && $0.isHexDigit }),
            !FileManager.default.fileExists(atPath: argument)
        {
            self = .hash(argument)
        } else {
            self = .configuration(argument)
        }
    }

    var description: String {
        switch self {
        case .configuration(let file): file ?? "embedded defaults"
        case .hash(let hash): "hash:\(hash)"
        case .call(let call): "call:\(call)"
        }
    }

    func sheet(of call: PromptCallOptions, in source: StoreOptions) throws -> PromptSheet {
        switch self {
        case .configuration(let file):
            let tenants = try loadConfiguration(file).tenants
            let names = tenants.map(\.id).joined(separator: ", ")
            if call.tenant == nil, tenants.count != 1 {
                throw CommandFailure("--tenant: one of \(names) was expected")
            }
            guard let tenant = tenants.first(where: { call.tenant == nil || $0.id == call.tenant }) else {
                throw CommandFailure("--tenant: no tenant `\(call.tenant ?? "")`; there are \(names)")
            }
            if call.closed, call.direction == .outbound || tenant.promptSourceWhenClosed == nil {
                throw CommandFailure("tenant \(tenant.id): outside business hours no agent is told anything else")
            }
            do throws(PromptError) {
                return try PromptSheet(
                    tenant, direction: call.direction, channel: call.channel, language: call.language,
                    isClosed: call.closed)
            } catch { throw CommandFailure("tenant \(tenant.id): \(error)") }
        case .hash(let hash):
            let found = try source.open().prompts(hashPrefix: hash.lowercased(), tenant: call.tenant)
            guard let prompt = found.first else {
                throw CommandFailure("no prompt \(hash) in the store (media-bridge prompt list shows them)")
            }
            guard found.count == 1 else {
                let more = found.map { "\($0.hash) of \($0.tenant)" }.prefix(3).joined(separator: ", ")
                throw CommandFailure(
                    "\(found.count) prompts begin with \(hash): give more of it, or --tenant (\(more))")
            }
            return PromptSheet(prompt)
        case .call(let id):
            let reader = try source.open()
            let call = try source.find(id, in: reader)
            guard let hash = call.promptHash else { throw CommandFailure("call \(call.id) never had a prompt") }
            guard let prompt = try reader.prompt(tenant: call.tenant, hash: hash) else {
                throw CommandFailure("the text of prompt \(hash) of call \(call.id) is not in the store")
            }
            return PromptSheet(prompt)
        }
    }
}
