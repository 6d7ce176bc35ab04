import CallControl
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
}
