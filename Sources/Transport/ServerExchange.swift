import Synchronization

/// One request's way back. Any thread.
@safe final class ServerExchange: HTTPExchange, @unchecked Sendable {
    // Sendable: the connection is only touched on its loop's thread, the rest does not change or is atomic.
    private let connection: ServerConnection
    private let number: Int
    private let isAnswered = Atomic(false)

    init(connection: ServerConnection, number: Int) { (self.connection, self.number) = (connection, number) }

    deinit {
        if !isAnswered.exchange(true, ordering: .relaxed) {
            Self.deliver(.text(500, "no answer\n"), connection, number)
        }
    }

    func respond(_ response: HTTPResponse) {
        if !isAnswered.exchange(true, ordering: .relaxed) { Self.deliver(response, connection, number) }
    }

    private static func deliver(_ response: HTTPResponse, _ connection: ServerConnection, _ number: Int) {
        if connection.loop.isCurrentThread {
            connection.answer(response, to: number)
        } else {
            connection.loop.submitAlways { connection.answer(response, to: number) }
        }
    }
}
