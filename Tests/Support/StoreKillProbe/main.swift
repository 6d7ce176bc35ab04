import Conversation
import Foundation
import TurnStore

// Writes a store as fast as it may until it is killed, and says on standard output what it was promised:
// `acknowledged N` after event N was committed, `pushed N NANOSECONDS` when turn N was handed over (monotonic clock).
@Sendable func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

let store = try TurnStore(path: CommandLine.arguments[1])
var inlet = store.makeInlet()
for number in 0..<1_000_000 {
    if number.isMultiple(of: 4) {
        let event = CarrierEvent(
            account: "AC1", call: "CA-kill", kind: "status", sequence: Int64(number), receivedAtUnixMilliseconds: 1,
            fields: [.init("Text", "שלום 🌊")])
        store.appendDurably(.carrierEvent(event, nil)) { outcome in
            if case .committed = outcome { say("acknowledged \(number)") }
        }
    }
    let turn = Turn(index: number, speaker: .agent, item: nil, startedAt: .init(milliseconds: Int64(number)))
    if inlet.push(.turn(call: "CA-kill", turn)) {
        say("pushed \(number) \(DispatchTime.now().uptimeNanoseconds)")
    }
    Thread.sleep(forTimeInterval: 0.000_5)
}
