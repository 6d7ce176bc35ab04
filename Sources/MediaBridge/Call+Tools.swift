import CallControl
import CallJournal
import Configuration
import Conversation
import Foundation
import Logging
import Synchronization
import Telemetry
import Transport

/// Tools and errands of one call. What runs elsewhere comes back by the shard's loop, and finds the call or nobody.
extension Call {
    /// The model called a tool that is not the conversation's own. Only this tenant's are there (R13).
    func run(_ tool: ToolCall, at now: UInt64) {
        let tools = tenant.tenant.tools
        if tool.name == "transfer_call", !tools.transfer.destinations.isEmpty {
            guard let name = Self.argument("destination", of: tool),
                tools.transfer.destinations.contains(where: { $0.name == name })
            else { return refuse(tool, .argumentsRefused, #"{"error":"no such destination"}"#, at: now) }
            return happen(.errandAsked(call: tool.call, .transfer(to: name)), at: now)
        }
        if tool.name == "send_dtmf", tools.sendsDigits {
            guard let keys = Self.argument("digits", of: tool), CarrierErrands.areKeys(keys) else {
                let output = #"{"error":"digits: 1 to 32 of 0-9, *, #, w and W were expected"}"#
                return refuse(tool, .argumentsRefused, output, at: now)
            }
            return happen(.errandAsked(call: tool.call, .sendDigits(keys)), at: now)
        }
        guard let declared = tools.http.first(where: { $0.name == tool.name }) else {
            return refuse(tool, .unknownTool, #"{"error":"no such tool"}"#, at: now)
        }
        service.toolRunner.run(
            declared, tool, of: grant.call, completion: comingBack { .toolFinished(call: tool.call, output: $0) })
    }

    private func refuse(_ tool: ToolCall, _ name: ToolCounters.Name, _ output: String, at now: UInt64) {
        service.toolRunner.counters.add(name)
        happen(.toolFinished(call: tool.call, output: output), at: now)
    }

    /// Has the carrier do it. That it was ordered, or was not, comes back as the errand's first outcome.
    func run(_ errand: CarrierErrand, at now: UInt64) {
        guard let errands = service.errands.withLock({ $0 }) else {
            return happen(.errandFinished(.refused), at: now)
        }
        let counters = service.toolRunner.counters
        let (lines, log) = (log, service.log)
        let back: @Sendable (ErrandOutcome) -> Void = comingBack { .errandFinished($0) }
        errands.run(errand, of: grant) { result in
            switch result {
            case .success:
                counters.add(.errandOrdered)
                back(.accepted)
            case .failure(let error):
                counters.add(.errandRefused)
                log.async { lines.line("carrier did not take the errand", level: .warning, ["error": .failure(error)]) }
                back(.refused)
            }
        }
    }

    /// A hand-over to this call from any thread. A call that is over by then is told nothing (R9), which is counted.
    private func comingBack<Result: Sendable>(
        _ event: @escaping @Sendable (Result) -> ConversationEvent
    ) -> @Sendable (Result) -> Void {
        let (shard, id, number, counters) = (shard, grant.call, number, service.toolRunner.counters)
        return { result in
            let isTaken = shard.loop.submit {
                guard let call = shard.call(named: id), call.number == number, call.conversation.state != .closing
                else {
                    return counters.add(.resultDropped)
                }
                call.happen(event(result), at: EventLoop.now)
            }
            if !isTaken { counters.add(.resultDropped) }
        }
    }

    private static func argument(_ name: String, of tool: ToolCall) -> String? {
        guard tool.arguments.utf8.count <= 4_096 else { return nil }
        let arguments = try? JSONSerialization.jsonObject(with: Data(tool.arguments.utf8)) as? [String: Any]
        return arguments?[name] as? String
    }
}

extension ServiceCore {
    /// Any thread: what a webhook says of a call's errand, told where the call lives.
    func errandFinished(call id: String, _ outcome: ErrandOutcome) {
        guard let place = place(of: id), shards.indices.contains(place) else { return }
        let shard = shards[place]
        shard.loop.submit { shard.call(named: id)?.happen(.errandFinished(outcome), at: EventLoop.now) }
    }
}
