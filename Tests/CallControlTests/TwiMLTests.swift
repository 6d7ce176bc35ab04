import Testing

@testable import CallControl

@Suite struct `TwiML answers` {
    @Test(arguments: [
        ("plain", "plain"), ("a & b < c > d", "a &amp; b &lt; c &gt; d"), (#""it's""#, "&quot;it&apos;s&quot;"),
        ("a\u{0}b\u{8}c\u{FFFE}d", "abcd"), ("a\nb\tc", "a&#10;b&#9;c"), ("שלום 🌊", "שלום 🌊"),
        ("&amp;", "&amp;amp;"), ("]]>", "]]&gt;"),
    ]) func `escapes what XML would read`(text: String, expected: String) {
        #expect(TwiML.escaped(text) == expected)
    }

    @Test(arguments: [("en", "en-US"), ("he", "he-IL"), ("de", "de-DE"), ("es", "es-ES"), ("zh", "cmn-CN")])
    func `says the words in the tenant's language`(language: String, locale: String) {
        #expect(TwiML.sayAndHangUp("x", language: language).contains(#"<Say language="\#(locale)">x</Say><Hangup/>"#))
    }
}
