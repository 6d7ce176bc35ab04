import CallControl
import Conversation
import Transport

/// What operators ask of calls, told where each call lives.
extension ServiceCore: LiveCalls {
    func deliver(_ command: LiveCallCommand, to id: String) -> Bool {
        guard let place = place(of: id), shards.indices.contains(place) else { return false }
        let shard = shards[place]
        let event: ConversationEvent =
            switch command {
            case .hangUp: .command(.hangUp)
            case .sayGoodbye: .command(.sayGoodbye)
            case .say(let words, let isVerbatim): .operatorSays(words, isVerbatim: isVerbatim)
            case .transfer(let name): .transferAsked(to: name)
            }
        return shard.loop.submit { shard.call(named: id)?.happen(event, at: EventLoop.now) }
    }
}
