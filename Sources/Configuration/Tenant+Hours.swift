public import Conversation
public import Foundation

extension Tenant {
    /// Whether a call that comes at `date` comes outside business hours. A tenant without hours is always open.
    public func isClosed(at date: Date) -> Bool {
        guard let hours else { return false }
        return !hours.isOpen(at: date, in: TimeZone(identifier: timeZone) ?? .gmt)
    }

    /// What prompts of calls outside business hours are made of; nil when they are those of any other call.
    public var promptSourceWhenClosed: PromptSource? {
        guard case .agent(let instructions, let greeting) = hours?.outside, let script = inbound else { return nil }
        var closed = script
        if !instructions.isEmpty { closed.instructions += "\n\n" + instructions }
        if let greeting {
            closed.greeting = greeting
            // A channel's own greeting speaks of an open house too.
            closed.channels = closed.channels.mapValues { .init(instructions: $0.instructions) }
        }
        var source = promptSource
        source.inbound = noticed(closed)
        return source
    }
}
