import CallControl
import Configuration
import Transport

extension ServiceCore: CallAcceptor {
    /// Loop thread, before 101: the stream may come, on the shard whose loop this is.
    func accept(
        _ call: AcceptedCall, on loop: EventLoop
    ) -> (handler: any WebSocketHandler, options: WebSocketOptions)? {
        guard let shard = shard(of: loop) else { return nil }
        let link = CarrierLink(call, shard: shard, now: EventLoop.now)
        shard.await(link)
        return (link, carrierSocketOptions)
    }

    /// Any thread. The stream is let in on whichever shard has the fewest connections: with several shards it may miss
    /// the session that waits for it, which is then dropped and counted. Never for a webhook nobody signed.
    func announced(_ grant: StreamGrant) {
        guard grant.tenant.warmSession, configuration.twilio.verifySignatures,
            let shard = shards.min(by: { $0.loop.connectionCount < $1.loop.connectionCount })
        else { return }
        shard.loop.submit { shard.warmUp(grant, at: EventLoop.now) }
    }
}
