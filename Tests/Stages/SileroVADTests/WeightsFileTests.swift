import AudioPipeline
import Foundation
import Testing

@testable import SileroVAD

/// Files that are not what they should be: each named, none trusted.
@Suite struct `Silero's weights` {
    private func fault(_ data: Data) throws -> String {
        try MadeUp.withFile(data) { path in
            do throws(StageFault) {
                _ = try SileroWeights(path)
                return "none"
            } catch { return error.description.replacing(path, with: "FILE") }
        }
    }
    private func fault(_ change: (inout [(name: String, shape: [Int])]) -> Void) throws -> String {
        try fault(MadeUp.file(256, change))
    }

    @Test func `no file, an empty one, one of something else`() throws {
        #expect(throws: StageFault("weights /nowhere/x: cannot be read")) { _ = try SileroWeights("/nowhere/x") }
        #expect(try fault(Data()) == "weights FILE: no safetensors file, it has 0 bytes")
        #expect(
            try fault(Data("This is a text, and no weights.".utf8)).hasPrefix(
                "weights FILE: no safetensors file, its header"))
        #expect(
            try fault(MadeUp.file(header: "[1, 2]", Data())).hasSuffix(
                "no JSON of tensors with dtype, shape and data_offsets"))
    }

    @Test func `tensors missing, too many, of another shape`() throws {
        #expect(try fault { $0.removeAll { $0.name == "conv3.bias" } } == "weights FILE: no tensor `conv3.bias`")
        #expect(try fault { $0.removeFirst() }.contains("no tensor `stft_conv.weight`"))
        #expect(try fault { $0.append(("conv5.weight", [1])) }.contains("`conv5.weight`: another network"))
        #expect(
            try fault { $0[1].shape = [128, 128, 3] }
                == "weights FILE: `conv1.weight` has the shape [128, 128, 3]; [128, 129, 3] was expected")
        #expect(try fault { $0[0].shape = [512, 1, 512] }.contains("[258, 1, 256] or [130, 1, 128] was expected"))
    }

    @Test func `another type, bytes outside the file, what is no number`() throws {
        let good = MadeUp.file(256)
        func changed(_ from: String, _ to: String) -> Data {
            var data = good
            let place = data.range(of: Data(from.utf8))!
            precondition(from.utf8.count == to.utf8.count)
            data.replaceSubrange(place, with: Data(to.utf8))
            return data
        }
        #expect(
            try fault(changed("\"F32\"", "\"F16\"")).hasSuffix("`stft_conv.weight` is of type F16; F32 was expected"))
        #expect(try fault(changed("[0,264192]", "[4,264192]")).contains("264192 were expected"))
        #expect(try fault(changed("[0,264192]", "[9,964192]")).contains("264192 were expected"))
        #expect(try fault(changed("[0,264192]", "[-9,26419]")).contains("264192 were expected"))
        #expect(try fault(good.prefix(good.count - 4)).contains("final_conv.bias"))
        var infinite = good
        infinite.replaceSubrange(good.count - 4..<good.count, with: [0, 0, 0x80, 0x7F])
        #expect(try fault(infinite) == "weights FILE: `final_conv.bias` holds what is no number")
    }

    @Test func `shapes that overflow do not trap`() throws {
        let huge = "[9223372036854775807,9223372036854775807,3]"
        let header = "{\"stft_conv.weight\":{\"dtype\":\"F32\",\"shape\":\(huge),\"data_offsets\":[0,4]}}"
        #expect(try fault(MadeUp.file(header: header, Data(count: 4))).contains("was expected"))
    }
}
