import Testing

@testable import Transport

@Suite struct `Frame encoder` {
    private func close(code: UInt16?, reason: String, key: UInt32? = nil) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: FrameEncoder.maximumCloseFrameBytes)
        let count = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe FrameEncoder.encodeClose(code: code, reason: reason, maskKey: key, into: $0)
        }
        return Array(bytes[..<count])
    }

    @Test func `masks as the example of RFC 6455 section 5 7`() {
        var bytes = [UInt8](repeating: 0, count: 11)
        // The key bytes 37 FA 21 3D in memory order.
        let key = UInt32(littleEndian: 0x3D21_FA37)
        unsafe bytes.withUnsafeMutableBufferPointer {
            _ = unsafe FrameEncoder.encode(.text, payload: Array("Hello".utf8).span, maskKey: key, into: $0)
        }
        #expect(bytes == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
    }

    @Test func `cuts a close reason between characters`() {
        #expect(close(code: nil, reason: "ignored") == [0x88, 0x00])
        #expect(close(code: 1001, reason: "bye") == [0x88, 0x05, 0x03, 0xE9] + Array("bye".utf8))
        let long = close(code: 1000, reason: String(repeating: "א", count: 100))
        #expect(long.count == 2 + 2 + 122)
        #expect(String(validating: long.dropFirst(4), as: UTF8.self) == String(repeating: "א", count: 61))
    }

    @Test(arguments: 0...40) func `masking is its own inverse at every offset`(offset: Int) {
        let plain = (0..<64).map { UInt8($0) }
        for count in 0...plain.count - 41 {
            var masked = [UInt8](repeating: 0xEE, count: plain.count)
            unsafe plain.withUnsafeBufferPointer { source in
                unsafe masked.withUnsafeMutableBufferPointer { target in
                    unsafe FrameMask.apply(
                        0x0403_0201, offset: offset, from: source.baseAddress!, to: target.baseAddress!, count: count)
                }
            }
            for i in 0..<count { #expect(masked[i] == plain[i] ^ UInt8((offset + i) % 4 + 1)) }
            #expect(masked[count...].allSatisfy { $0 == 0xEE })
        }
    }
}
