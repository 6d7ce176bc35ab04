/// Hears one WebSocket. Loop thread. The socket keeps its handler until it has told it of the end.
public protocol WebSocketHandler: AnyObject {
    func webSocketDidOpen(_ socket: WebSocket)
    /// A whole message; `message` is valid until this returns. Text has been checked to be UTF-8.
    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool)
    /// The send queue is empty again after `send` had refused something.
    func webSocketDidDrain(_ socket: WebSocket)
    /// Exactly once per socket, the last call it makes.
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose)
}
