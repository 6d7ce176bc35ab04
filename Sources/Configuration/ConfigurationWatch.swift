import CLinux
import Dispatch
import Foundation
import Synchronization

/// Tells when the files of a configuration are not what they were.
///
/// It watches their folders, not the files: editors and deployment tools put a new file in the old one's place. Several
/// writes in a row are one change, and a write that changes nothing is none. No thread of its own, no polling.
public final class ConfigurationWatch: @unchecked Sendable {  // All state belongs to `queue`.
    private let file: String
    private var tenantsDirectory: String?
    private let quietMilliseconds: Int
    private let changed: @Sendable () -> Void
    private let queue = DispatchQueue(label: "configuration watch")
    private let descriptor: Int32
    private var source: (any DispatchSourceRead)?
    private var seen: Int
    private var pending: DispatchWorkItem?
    /// The first event that has not been looked at.
    private var unsettledSince: DispatchTime?

    /// Begins at once.
    /// - Parameters:
    ///   - file: the configuration.
    ///   - quietMilliseconds: so long nothing more must happen.
    ///   - changed: on a queue of this watch's own, one at a time.
    /// - Returns: nil when the kernel has no watch left, or the folder is gone.
    public init?(
        file: String, tenantsDirectory: String?, quietMilliseconds: Int = 300, changed: @escaping @Sendable () -> Void
    ) {
        (self.file, self.tenantsDirectory) = (URL(fileURLWithPath: file).standardized.path, tenantsDirectory)
        (self.quietMilliseconds, self.changed) = (quietMilliseconds, changed)
        descriptor = media_bridge_inotify_open()
        seen = Self.fingerprint(self.file, tenantsDirectory)
        guard descriptor >= 0 else { return nil }
        guard follow(URL(fileURLWithPath: self.file).deletingLastPathComponent().path),
            tenantsDirectory.map(follow) ?? true
        else {
            close(descriptor)
            return nil
        }
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { [weak self] in self?.somethingHappened() }
        let descriptor = descriptor
        source.setCancelHandler { close(descriptor) }
        self.source = source
        source.resume()
    }

    deinit { source?.cancel() }

    /// Any thread. The edit named another folder.
    public func follow(tenantsDirectory: String?) {
        queue.async { [self] in
            guard tenantsDirectory != self.tenantsDirectory else { return }
            self.tenantsDirectory = tenantsDirectory
            if let tenantsDirectory { _ = follow(tenantsDirectory) }
            seen = Self.fingerprint(file, tenantsDirectory)
        }
    }

    private func follow(_ directory: String) -> Bool {
        unsafe media_bridge_inotify_watch(descriptor, directory) >= 0
    }

    private func somethingHappened() {
        media_bridge_inotify_drain(descriptor)
        // Somebody who writes into the same folder all the time puts the look off only so far.
        let now = DispatchTime.now()
        if let since = unsettledSince, now >= since + .milliseconds(10 * quietMilliseconds) { return }
        unsettledSince = unsettledSince ?? now
        pending?.cancel()
        let check = DispatchWorkItem { [weak self] in self?.check() }
        pending = check
        queue.asyncAfter(deadline: .now() + .milliseconds(quietMilliseconds), execute: check)
    }

    private func check() {
        unsettledSince = nil
        // A folder that was put in the old one's place is another one to the kernel; one that is the same stays as it is.
        _ = follow(URL(fileURLWithPath: file).deletingLastPathComponent().path)
        if let tenantsDirectory { _ = follow(tenantsDirectory) }
        let now = Self.fingerprint(file, tenantsDirectory)
        guard now != seen else { return }
        seen = now
        changed()
    }

    /// Of names and contents. Differs between processes, which is all the same.
    private static func fingerprint(_ file: String, _ directory: String?) -> Int {
        var hasher = Hasher()
        hasher.combine(FileManager.default.contents(atPath: file))
        for name in directory.flatMap({ try? FileManager.default.contentsOfDirectory(atPath: $0) })?.sorted() ?? [] {
            hasher.combine(name)
            hasher.combine(FileManager.default.contents(atPath: "\(directory ?? "")/\(name)"))
        }
        return hasher.finalize()
    }
}
