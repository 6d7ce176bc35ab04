import AllocationProbe
import AudioPipeline
import Testing
import VAD

@testable import PlugIns

/// Windows of any size out of frames of 20 ms.
@Suite struct `Windows out of frames` {
    private func windows(rate: Int, samples: Int, frames: Int) throws -> [[Int16]] {
        var windows = FrameWindows(try DetectorWindow(sampleRateHz: rate, samples: samples))
        var made: [[Int16]] = []
        for frame in 0..<frames {
            let audio = (0..<160).map { Int16(frame * 160 + $0) }
            windows.add(audio.span) { window in made.append((0..<window.count).map { window[$0] }) }
        }
        return made
    }

    @Test(arguments: [8, 80, 160, 240, 256, 512, 800])
    func `samples come once and in order at 8 kHz`(samples: Int) throws {
        let made = try windows(rate: 8_000, samples: samples, frames: 50)
        #expect(made.count == 8_000 / samples)
        #expect(made.allSatisfy { $0.count == samples })
        #expect(made.flatMap { $0 } == (0..<made.count * samples).map { Int16($0) })
    }

    @Test(arguments: [(16_000, 512), (24_000, 480), (48_000, 480)])
    func `another rate gives as many samples as time has passed`(rate: Int, samples: Int) throws {
        #expect(try windows(rate: rate, samples: samples, frames: 100).count == 2 * rate / samples)
    }

    @Test func `nothing is allocated once it is made`() throws {
        var windows = FrameWindows(try DetectorWindow(sampleRateHz: 16_000, samples: 512))
        let frame = [Int16](repeating: 100, count: 160)
        var sum = 0
        // The closure's own first run.
        windows.add(frame.span) { sum += $0.count }
        allocation_probe_start()
        for _ in 0..<500 { windows.add(frame.span) { sum += $0.count } }
        #expect(allocation_probe_stop() == 0)
        #expect(sum > 0)
    }
}
