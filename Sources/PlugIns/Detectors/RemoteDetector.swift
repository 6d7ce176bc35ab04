import AudioPipeline
import CLinux
import Dispatch
import Foundation
import Synchronization
import VAD

/// A detector behind a link: one program or server for all calls, fed, watched and started again on a thread of its own.
///
/// No call waits for it. What it may do wrong, and what follows, is in docs/PLUGINS.md: it ends, it is silent, it answers
/// what is no answer, it grows. Each is counted, said in the log, and followed by a new start after a pause that doubles
/// from half a second to half a minute.
final class RemoteDetector: @unchecked Sendable {  // The link is the thread's alone, from its start.
    private let link: any StageLink
    private let log: PlugInLog
    private let inbox = LaneInbox()
    private let counters: PlugInCounters
    private let limits: RemoteLimits
    private let finished = DispatchSemaphore(value: 0)
    private let isReadyNow = Atomic<Bool>(false)

    init(_ link: any StageLink, limits: RemoteLimits, counters: PlugInCounters, log: @escaping PlugInLog) {
        (self.link, self.limits, self.counters, self.log) = (link, limits, counters, log)
    }

    /// Shard thread, with its call.
    func seat() -> DetectorSeat { inbox.seat(timeoutMilliseconds: limits.timeoutMilliseconds) }

    /// It has introduced itself and judges.
    var isReady: Bool { isReadyNow.load(ordering: .acquiring) }

    func start() {
        let thread = Thread { [self] in
            unsafe "plug-in".withCString { unsafe media_bridge_name_thread($0) }
            let round = RemoteRound(link, limits: limits, counters: counters, log: log)
            while !inbox.isStopping {
                round.add(inbox.take())
                round.turn()
                isReadyNow.store(round.isReady, ordering: .releasing)
            }
            round.end()
            finished.signal()
        }
        thread.start()
    }

    func stop() {
        inbox.stop()
        _ = finished.wait(timeout: .now() + .seconds(3))
    }
}

/// What a plug-in has to say, on its worker's thread: a constant message and its cause.
public typealias PlugInLog = @Sendable (_ event: PlugInCounters.Event, _ detail: String) -> Void

/// What a plug-in outside may take.
public struct RemoteLimits: Sendable, Equatable {
    /// How far an answer may lie behind before the fallback decides.
    public var timeoutMilliseconds = 200
    /// Until it has introduced itself.
    public var startSeconds = 20
    /// Resident memory of a program; more, and it is started again.
    public var memoryMegabytes = 1_024
    public init() {}
}
