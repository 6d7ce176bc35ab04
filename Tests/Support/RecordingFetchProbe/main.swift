import CallControl
import Foundation
import TurnStore

// Another process beside the service: asks for one recording, and says on standard output `asking`, then what became of it.
// Arguments: the store, the directory of recordings, the carrier's REST address, the order.
@Sendable func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

let arguments = CommandLine.arguments
let store = try TurnStore(path: arguments[1])
var options = RecordingStore.Options()
(options.limits.stallMilliseconds, options.limits.patienceMilliseconds) = (120_000, 240_000)
let recordings = RecordingStore(
    directory: arguments[2], hosts: MediaHosts(apiURL: arguments[3]), store: store, options: options
) { ($0.account, "secret") }
guard let order = RecordingOrder(payload: arguments[4]) else { fatalError("an order was expected") }
say("asking")
switch await recordings.fetch(order) {
case .ready(let artifact): say("ready \(artifact.sha256 ?? "") downloaded \(recordings.counters[.downloaded])")
case .failed(let failure, _): say("failed \(failure.rawValue)")
}
store.close()
