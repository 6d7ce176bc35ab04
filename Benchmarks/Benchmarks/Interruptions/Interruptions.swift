import Foundation
import LabelledCalls

/// Who interrupts whom, and how quickly: every labelled case, heard by us, by us without the echo reference, and by
/// nothing but the server's voice detection.
@main
struct Interruptions {
    static func main() throws {
        var arguments = CommandLine.arguments.dropFirst()
        var (seed, scale, json, verdicts) = (UInt64(2), 1.0, false, false)
        while let argument = arguments.popFirst() {
            switch argument {
            case "--seed": seed = arguments.popFirst().flatMap { UInt64($0) } ?? seed
            case "--scale": scale = arguments.popFirst().flatMap { Double($0) } ?? scale
            case "--json": json = true
            case "--verdicts": verdicts = true
            default:
                print(
                    "Interruptions [--seed N] [--scale FACTOR] [--json] [--verdicts]\n\(argument) is not one of these")
                exit(64)
            }
        }
        guard RecordedPrompts.isInstalled else {
            print("needs the recordings of the package asterisk-core-sounds-en-wav in \(RecordedPrompts.folder)")
            exit(69)
        }
        let prompts = try RecordedPrompts()
        var heard: [CallVerdict] = []
        for recipe in CallBook.recipes(scale: scale) {
            for index in 0..<recipe.count {
                let call = recipe.make(index, seed: seed, prompts: prompts)
                for listening in Listening.allCases { heard.append(RehearsedCall(call, listening: listening).run()) }
            }
        }
        let table = InterruptionTable(heard)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            let data = verdicts ? try encoder.encode(heard) : try encoder.encode(table)
            print(String(decoding: data, as: UTF8.self))
        } else {
            print("seed \(seed), \(heard.count / Listening.allCases.count) cases\n")
            print(table.markdown)
            if verdicts {
                for verdict in heard where verdict.isFalse || verdict.isMissed { print(verdict) }
            }
        }
    }
}
