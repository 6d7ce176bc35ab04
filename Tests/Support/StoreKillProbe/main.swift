import Conversation
import Foundation
import TurnStore

// Writes a store as fast as it may until it is killed, and says on standard output what it was promised:
// `acknowledged N` after event N was committed or is in the spool file, `pushed N NANOSECONDS` when turn N was handed over
// (monotonic clock). Each event has an outgoing event and a job with it, which show order and number.
@Sendable func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

var options = TurnStoreOptions()
// An answer before its deadline means that it is on disk, here or there.
(options.durableMilliseconds, options.busyMilliseconds, options.spillMilliseconds) = (600_000, 10, 10)
let store = try TurnStore(path: CommandLine.arguments[1], options: options)
var inlet = store.makeInlet()
for number in 0..<1_000_000 {
    if number.isMultiple(of: 4) {
        let event = CarrierEvent(
            account: "AC1", call: "CA-kill", kind: "status", sequence: Int64(number), receivedAtUnixMilliseconds: 1,
            fields: [.init("Text", "שלום 🌊")])
        inlet.push(
            .outgoing(
                OutgoingEvent(call: "CA-kill", tenant: "t", kind: .turn, key: "\(number)", body: "{}", at: 1)))
        inlet.push(.job(NewJob(kind: .transcribe, key: "\(number)", call: "CA-kill", at: 1)))
        store.appendDurably(.carrierEvent(event, nil)) { outcome in
            if outcome != .refused { say("acknowledged \(number)") }
        }
    }
    let turn = Turn(index: number, speaker: .agent, item: nil, startedAt: .init(milliseconds: Int64(number)))
    if inlet.push(.turn(call: "CA-kill", turn)) {
        say("pushed \(number) \(DispatchTime.now().uptimeNanoseconds)")
    }
    Thread.sleep(forTimeInterval: 0.000_5)
}
