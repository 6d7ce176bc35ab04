import Configuration
import Foundation
import Testing
import Transport

@testable import MediaBridge

@Suite struct `Downlink batches` {
    /// A frame that is like no other.
    private func frame(_ number: UInt8) -> [UInt8] { (0..<160).map { number &* 7 &+ UInt8($0) } }

    /// Frames go in, messages come out.
    private struct Bench: ~Copyable {
        var batch = DownlinkBatch()
        var messages: [[UInt8]] = []

        mutating func add(_ frame: [UInt8]) -> Bool { batch.add(frame.span) }

        mutating func empty(isRefused: Bool = false) -> Bool {
            var message: [UInt8]?
            let isSent = batch.empty { bytes in
                message = bytes.indices.map { bytes[$0] }
                return !isRefused
            }
            if let message { messages.append(message) }
            return isSent
        }
    }

    @Test func `frames of a batch leave as one message, in order and once`() {
        var bench = Bench()
        var answers = [bench.empty()]
        for number in 0..<5 as Range<UInt8> { answers.append(bench.add(frame(number))) }
        answers += [bench.empty(), bench.empty(), bench.add(frame(9)), bench.empty()]
        #expect(answers == Array(repeating: true, count: answers.count))
        let messages = bench.messages
        #expect(messages == [(0..<5 as Range<UInt8>).flatMap(frame), frame(9)])
    }

    @Test func `a batch that is full refuses a frame whole, and a refused message is gone`() {
        var bench = Bench()
        var taken: [Bool] = []
        for number in 0..<11 as Range<UInt8> { taken.append(bench.add(frame(number))) }
        #expect(taken == Array(repeating: true, count: 10) + [false])
        let held = bench.batch.count
        #expect(held == DownlinkBatch.capacityBytes)
        let isSent = bench.empty(isRefused: true)
        let left = bench.batch.count
        #expect(!isSent)
        #expect(left == 0)
    }

    @Test(arguments: [20, 100])
    func `the carrier gets messages of the length that is configured, and every sample of the agent's`(
        milliseconds: Int
    ) async throws {
        let hum = ScriptedModel.hum(milliseconds: 2_000)
        var plan = RigPlan(.scripted(.init(speech: hum)))
        plan.configure = { $0.tenants[0].downlinkBatchMilliseconds = milliseconds }
        try await withService(plan) { rig in
            let carrier = try await rig.startedCall()
            try await eventually("all of it") { carrier.heard.count >= hum.count }
            #expect(Array(carrier.heard.prefix(hum.count)) == hum)
            let messages = carrier.count("media")
            // One may be cut short where the first words were not all there yet.
            #expect(messages >= 2_000 / milliseconds)
            #expect(messages <= 2_000 / milliseconds + 2, "\(messages)")
        }
    }
}
