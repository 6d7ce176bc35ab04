import AudioPipeline
import Foundation
import MulawCodec
import Testing

/// Vectors made by other people's codecs: `scripts/golden-g711` says which, and checks that they still agree.
@Suite struct `G.711 against independent codecs` {
    @Test(arguments: [Law.mulaw, .alaw])
    func `decodes all 256 code words`(law: Law) throws {
        let expected = try law.goldenSamples()
        #expect(law.decode(Array(0...255)) == expected)
        #expect((0...255).map { law.decodeOne(UInt8($0)) } == expected)
    }

    @Test(arguments: [Law.mulaw, .alaw])
    func `encodes all 65,536 samples`(law: Law) throws {
        let expected = try law.goldenCodes()
        let samples = Array(Int16.min...Int16.max)
        let codes = law.encode(samples)
        let wrong = samples.indices.filter { codes[$0] != expected[$0] }
        #expect(wrong.isEmpty, "first: sample \(wrong.first.map { samples[$0] } ?? 0)")
        #expect(samples.map { law.encodeOne($0) } == expected)
    }

    @Test(arguments: [Law.mulaw, .alaw])
    func `every code word survives decoding and encoding, but for mu-law's second zero`(law: Law) {
        let codes = [UInt8](0...255)
        let changed = codes.filter { law.encodeOne(law.decodeOne($0)) != $0 }
        #expect(changed == (law == .mulaw ? [0x7F] : []))
    }
}

enum Law: String, Sendable {
    case mulaw, alaw

    func decodeOne(_ code: UInt8) -> Int16 { self == .mulaw ? MulawDecoder.decode(code) : AlawDecoder.decode(code) }
    func encodeOne(_ sample: Int16) -> UInt8 {
        self == .mulaw ? MulawEncoder.encode(sample) : AlawEncoder.encode(sample)
    }

    func decode(_ codes: [UInt8], by size: Int = .max) -> [Int16] {
        switch self {
        case .mulaw: run(MulawDecoder(), codes, by: size)
        case .alaw: run(AlawDecoder(), codes, by: size)
        }
    }

    func encode(_ samples: [Int16], by size: Int = .max) -> [UInt8] {
        switch self {
        case .mulaw: run(MulawEncoder(), samples, by: size)
        case .alaw: run(AlawEncoder(), samples, by: size)
        }
    }

    func goldenSamples() throws -> [Int16] {
        var samples = [Int16?](repeating: nil, count: 256)
        for fields in try lines(of: "decode-\(rawValue)") {
            samples[Int(fields[0], radix: 16)!] = Int16(fields[1])
        }
        return samples.map { $0! }
    }

    /// Code words of -32768 ... 32767, in that order.
    func goldenCodes() throws -> [UInt8] {
        var codes: [UInt8] = []
        for fields in try lines(of: "encode-\(rawValue)") {
            #expect(Int(fields[0]) == codes.count - 32_768)
            codes += Array(repeating: UInt8(fields[2], radix: 16)!, count: Int(fields[1])! - Int(fields[0])! + 1)
        }
        #expect(codes.count == 65_536)
        return codes
    }

    private func lines(of name: String) throws -> [[Substring]] {
        let url = try #require(Bundle.module.url(forResource: name, withExtension: "txt", subdirectory: "Golden"))
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: " ") }
    }

    private func run<S: Stage & ~Copyable>(_ stage: consuming S, _ input: [S.Input], by size: Int) -> [S.Output]
    where S.Output: FixedWidthInteger {
        var output: [S.Output] = []
        var start = 0
        while start < input.count {
            let count = min(size, input.count - start)
            var part = [S.Output](repeating: 0, count: count)
            var span = part.mutableSpan
            let outcome = stage.process(input.span.extracting(start..<start + count), into: &span)
            #expect(outcome == .produced(samples: count))
            output += part
            start += count
        }
        return output
    }
}
