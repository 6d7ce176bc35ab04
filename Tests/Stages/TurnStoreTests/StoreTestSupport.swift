import Conversation
import Foundation
import Synchronization

@testable import TurnStore

/// A directory of its own for each test, removed afterwards.
final class TemporaryDirectory {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("turn-store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func file(_ name: String) -> String { "\(path)/\(name)" }
}

func start(_ call: String, tenant: String = "clinic", at milliseconds: Int64 = 1_000) -> StoreRecord {
    .callStarted(
        CallStart(
            call: call, tenant: tenant, direction: .inbound, from: "+15005550006", to: "+15005550001",
            startedAtUnixMilliseconds: milliseconds))
}

func event(_ kind: String = "status", sequence: Int64 = 0, call: String = "CA1") -> CarrierEvent {
    CarrierEvent(account: "AC1", call: call, kind: kind, sequence: sequence, receivedAtUnixMilliseconds: 5)
}

extension TurnStore {
    /// Appends and waits, at most ten seconds.
    func appendAndWait(_ record: StoreRecord) -> AppendOutcome? {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<AppendOutcome?>(nil)
        appendDurably(record) { outcome in
            result.withLock { $0 = outcome }
            done.signal()
        }
        _ = done.wait(timeout: .now() + 10)
        return result.withLock { $0 }
    }
}

/// Bounded wait for something another thread does.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<2_000 {
        if try condition() { return true }
        usleep(5_000)
    }
    return false
}
