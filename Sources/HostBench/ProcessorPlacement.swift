import CLinux
import Foundation

/// Keeps the service and the generator off each other's processors: the last one is the generator's, the others are the
/// service's. On a machine with one processor both share it.
public struct ProcessorPlacement: Sendable, Equatable {
    public let service: [Int]
    public let generator: [Int]

    /// Of the processors that this process may use.
    public init(allowed: [Int]) {
        (service, generator) =
            allowed.count > 1 ? (Array(allowed.dropLast()), [allowed[allowed.count - 1]]) : (allowed, allowed)
    }

    public var isShared: Bool { service == generator }

    public static func current() -> ProcessorPlacement {
        var mask = [UInt](repeating: 0, count: words)
        let size = UInt(words * MemoryLayout<UInt>.stride)
        guard unsafe media_bridge_processors(0, &mask, size) > 0 else {
            return ProcessorPlacement(allowed: Array(0..<ProcessInfo.processInfo.activeProcessorCount))
        }
        return ProcessorPlacement(
            allowed: (0..<words * UInt.bitWidth).filter {
                mask[$0 / UInt.bitWidth] >> UInt($0 % UInt.bitWidth) & 1 == 1
            })
    }

    /// Moves all threads that this process has now; those they make later follow them.
    public func placeService() { Self.place("self", on: service, unless: isShared) }

    /// Moves all threads that another process has now.
    public func placeGenerator(process: Int32) { Self.place("\(process)", on: generator, unless: isShared) }

    private static func place(_ process: String, on processors: [Int], unless isShared: Bool) {
        guard !isShared else { return }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? [] {
            if let thread = Int32(name) { place(thread, on: processors) }
        }
    }

    /// 1,024 processors.
    private static let words = 16

    private static func place(_ thread: Int32, on processors: [Int]) {
        var mask = [UInt](repeating: 0, count: words)
        for processor in processors { mask[processor / UInt.bitWidth] |= 1 << UInt(processor % UInt.bitWidth) }
        // A thread that is gone by now needs no place.
        unsafe _ = media_bridge_place(thread, mask, UInt(words * MemoryLayout<UInt>.stride))
    }
}
