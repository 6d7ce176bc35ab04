import Conversation

/// The identifiers that a simulated provider gives out, made once: a number is an identifier and back again.
enum WireNames {
    private static let responses = (0..<256).map { named("resp_", $0) }
    private static let agentItems = (0..<256).map { named("item_a", $0) }
    private static let callerItems = (0..<256).map { named("item_u", $0) }
    private static let calls = (0..<256).map { named("call_", $0) }

    static func response(_ number: Int32) -> WireID {
        number < 256 ? responses[Int(number)] : named("resp_", Int(number))
    }
    static func agentItem(_ number: Int32) -> WireID {
        number < 256 ? agentItems[Int(number)] : named("item_a", Int(number))
    }
    static func callerItem(_ number: Int32) -> WireID {
        number < 256 ? callerItems[Int(number)] : named("item_u", Int(number))
    }
    static func call(_ number: Int32) -> WireID { number < 256 ? calls[Int(number)] : named("call_", Int(number)) }

    private static func named(_ prefix: String, _ number: Int) -> WireID {
        guard let name = WireID("\(prefix)\(number)") else { preconditionFailure("number: \(number)") }
        return name
    }

    /// The number at the end of `name`, or -1.
    static func number(of name: WireID) -> Int32 {
        var index = name.count
        var (value, place): (Int32, Int32) = (0, 1)
        while index > 0, case let digit = name.byte(at: index - 1), digit >= 0x30, digit <= 0x39, place <= 100_000 {
            value += Int32(digit - 0x30) * place
            place *= 10
            index -= 1
        }
        return place == 1 ? -1 : value
    }
}
