extension StageAnswer {
    /// A detector's usual line, `{"call":7,"speech":true,"probability":0.93}` in any order and spacing, without a general
    /// reader of JSON: fifty of them come each second for every call. Nil for all others, right or wrong: those are read
    /// by `init`.
    init?(quick line: ArraySlice<UInt8>) {
        var rest = QuickScan(line)
        guard rest.take("{") else { return nil }
        self.init()
        repeat {
            guard let key = rest.key(), rest.take(":") else { return nil }
            switch key {
            case "call":
                guard call == nil, let number = rest.number(), number >= 0, number <= Double(UInt32.max),
                    number == number.rounded()
                else { return nil }
                call = UInt32(number)
            case "speech":
                guard speech == nil, let truth = rest.truth() else { return nil }
                speech = truth
            case "probability":
                guard probability == nil, let number = rest.number() else { return nil }
                probability = number
            default: return nil
            }
        } while rest.take(",")
        guard rest.take("}"), rest.isAtEnd else { return nil }
    }

    private init() {}
}

/// Takes a few kinds of JSON value from the front of a line.
private struct QuickScan {
    private let bytes: ArraySlice<UInt8>
    private var place: Int

    init(_ bytes: ArraySlice<UInt8>) { (self.bytes, place) = (bytes, bytes.startIndex) }

    var isAtEnd: Bool {
        mutating get {
            skip()
            return place == bytes.endIndex
        }
    }

    private mutating func skip() {
        while place < bytes.endIndex, bytes[place] == 0x20 || bytes[place] == 0x09 { place += 1 }
    }

    private mutating func take(_ word: StaticString, spaced: Bool) -> Bool {
        if spaced { skip() }
        guard bytes.endIndex - place >= word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount where unsafe bytes[place + index] != word.utf8Start[index] {
            return false
        }
        place += word.utf8CodeUnitCount
        return true
    }

    mutating func take(_ word: StaticString) -> Bool { take(word, spaced: true) }

    /// One of the three that a detector's line has.
    mutating func key() -> String? {
        if take("\"call\"") { return "call" }
        if take("\"speech\"") { return "speech" }
        return take("\"probability\"") ? "probability" : nil
    }

    mutating func truth() -> Bool? { take("true") ? true : take("false") ? false : nil }

    /// Digits with a sign and a fraction, as JSON writes them; an exponent is left to the general reader.
    mutating func number() -> Double? {
        skip()
        let isNegative = take("-", spaced: false)
        var value = 0.0
        let first = place
        while let digit { value = value * 10 + digit }
        guard place > first, place - first <= 15, place - first == 1 || bytes[first] != 0x30 else { return nil }
        if take(".", spaced: false) {
            let point = place
            var scale = 1.0
            while let digit {
                scale *= 10
                value += digit / scale
            }
            guard place > point else { return nil }
        }
        if place < bytes.endIndex, bytes[place] | 0x20 == 0x65 { return nil }
        return isNegative ? -value : value
    }

    private var digit: Double? {
        mutating get {
            guard place < bytes.endIndex, (0x30...0x39).contains(bytes[place]) else { return nil }
            defer { place += 1 }
            return Double(bytes[place] - 0x30)
        }
    }
}
