import Testing

@testable import Telemetry

@Suite struct `Log values` {
    @Test(arguments: [
        "CA0123456789abcdef0123456789abcdef", "MZ1", "call_1-2.3", "0a5f",
    ])
    func `an identifier is written as it is`(identifier: String) {
        #expect(LogValue.id(identifier).text == identifier)
    }

    @Test(arguments: [
        "+15005550006", "15005550006", "sip:+15005550006@example.com", "Please call me back", "", "\u{5E9}\u{5DC}",
        String(repeating: "a", count: 129), "CA1\nerror forged",
    ])
    func `S72 what is no identifier is not written as one`(text: String) {
        #expect(LogValue.id(text).text == "[not an identifier]")
    }

    @Test func `S72 what a library says of a failure has lost its numbers and keys before it is a value`() {
        let value = LogValue.failure(saying: "no route to +15005550006 with Bearer abcdefgh12345678")
        #expect(value.text == "no route to [phone ..06] with Bearer [secret]")
    }

    @Test func `quantities, flags and fixed texts`() {
        #expect(
            ([7, true, .fixed("quiet"), .names(["a", "b"])] as [LogValue]).map(\.text) == ["7", "true", "quiet", "a,b"])
    }
}
