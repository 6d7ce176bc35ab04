import Configuration
import Foundation
import Synchronization
import Testing

/// A folder with a configuration and, below it, one with tenants.
private final class Folder: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("tenants-\(UUID().uuidString)").path
    var main: String { path + "/main.yaml" }
    var tenants: String { path + "/tenants.d" }

    init(main text: String = "tenantsDirectory: tenants.d\n") throws {
        try FileManager.default.createDirectory(atPath: tenants, withIntermediateDirectories: true)
        try write(text, main)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// As editors save: a new file takes the old one's place.
    func write(_ text: String, _ file: String) throws {
        try text.write(toFile: file, atomically: true, encoding: .utf8)
    }

    func load() throws -> ServiceConfiguration {
        try ServiceConfiguration.load(file: main, environment: ["TOKEN": token])
    }

    /// The problems of a configuration that is wrong, with the folder's path left out.
    func problems() -> [String] {
        do {
            _ = try load()
            return []
        } catch {
            return (error as? ConfigurationError)?.problems.map { "\($0)".replacing(path + "/", with: "") } ?? []
        }
    }
}

private func tenant(_ id: String, _ number: String, more: String = "") -> String {
    """
    id: \(id)
    numbers: ["\(number)"]
    accountSid: AC00000000000000000000000000000001
    authToken: ${TOKEN}
    inbound: { instructions: Be brief. }
    fallback: { text: Sorry. }
    \(more)
    """
}

@Suite struct `Tenants in a folder` {
    @Test func `each file is a tenant, in the order of their names, after those of the main file`() throws {
        let folder = try Folder(main: smallest + "tenantsDirectory: tenants.d\n")
        try folder.write(tenant("salon", "+15005550003"), folder.tenants + "/b.yaml")
        try folder.write(tenant("garage", "+15005550002"), folder.tenants + "/a.yml")
        try folder.write("rubbish: [", folder.tenants + "/.a.yml.swp")
        try folder.write("notes", folder.tenants + "/README")
        #expect(try folder.load().tenants.map(\.id) == ["clinic", "garage", "salon"])
    }

    @Test func `what is printed is whole without the folder`() throws {
        let folder = try Folder()
        try folder.write(tenant("salon", "+15005550003"), folder.tenants + "/salon.yaml")
        let configuration = try folder.load()
        let printed = try ServiceConfiguration.parse(
            configuration.effectiveYAML(), file: "p.yaml", environment: ["TOKEN": token])
        #expect(printed.tenants == configuration.tenants)
    }

    @Test func `a mistake is named with its own file, line and field`() throws {
        let folder = try Folder()
        try folder.write(tenant("salon", "+15005550003", more: "langauge: en"), folder.tenants + "/salon.yaml")
        try folder.write(tenant("garage", "15005550002"), folder.tenants + "/garage.yaml")
        try folder.write("", folder.tenants + "/nobody.yaml")
        try folder.write("a: [", folder.tenants + "/z.yaml")
        let problems = folder.problems()
        #expect(problems.count == 4)
        #expect(problems.first?.hasPrefix("tenants.d/garage.yaml:2:11: numbers: `15005550002` does not fit") == true)
        #expect(problems.contains { $0.hasPrefix("tenants.d/nobody.yaml: is empty") })
        #expect(problems.contains { $0.hasPrefix("tenants.d/salon.yaml:7:1: langauge: unknown field; did you mean") })
        #expect(problems.contains { $0.hasPrefix("tenants.d/z.yaml:") && $0.contains("not YAML") })
    }

    @Test func `a number and an id belong to one tenant across all files`() throws {
        let folder = try Folder(main: smallest + "tenantsDirectory: tenants.d\n")
        try folder.write(tenant("clinic", "+15005550001"), folder.tenants + "/again.yaml")
        #expect(
            folder.problems() == [
                "tenants.d/again.yaml:1:5: id: `clinic` is taken by another tenant",
                "tenants.d/again.yaml:2:11: numbers: +15005550001 is already a number of tenant `clinic`",
            ])
    }

    @Test func `a folder that is not there is an error of the field that names it`() throws {
        let folder = try Folder(main: "tenantsDirectory: nowhere\n")
        #expect(folder.problems().first?.hasPrefix("main.yaml:1:19: tenantsDirectory: no such folder") == true)
    }
}

@Suite struct `Watching the files` {
    /// Counts what it is told.
    private final class Told: Sendable {
        let count = Atomic<Int>(0)
        func add() { count.wrappingAdd(1, ordering: .relaxed) }
        func reaches(_ wanted: Int) async throws -> Bool {
            for _ in 0..<500 {
                if count.load(ordering: .relaxed) >= wanted { return true }
                try await Task.sleep(for: .milliseconds(20))
            }
            return false
        }
    }

    @Test func `a file that is replaced is told, and what a folder gains and loses`() async throws {
        let (folder, told) = (try Folder(), Told())
        let watch = try #require(
            ConfigurationWatch(file: folder.main, tenantsDirectory: folder.tenants, quietMilliseconds: 20) {
                told.add()
            })
        try folder.write("# edited\ntenantsDirectory: tenants.d\n", folder.main)
        #expect(try await told.reaches(1))
        try folder.write(tenant("salon", "+15005550003"), folder.tenants + "/salon.yaml")
        #expect(try await told.reaches(2))
        try FileManager.default.removeItem(atPath: folder.tenants + "/salon.yaml")
        #expect(try await told.reaches(3))
        withExtendedLifetime(watch) {}
    }

    @Test func `an edit is told though somebody writes into the same folder all the time`() async throws {
        let (folder, told) = (try Folder(), Told())
        let watch = try #require(
            ConfigurationWatch(file: folder.main, tenantsDirectory: folder.tenants, quietMilliseconds: 100) {
                told.add()
            })
        try folder.write("# edited\n", folder.main)
        let busy = Task {
            while !Task.isCancelled {
                try folder.write("\(UUID())", folder.path + "/notes.txt")
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        #expect(try await told.reaches(1))
        busy.cancel()
        withExtendedLifetime(watch) {}
    }

    @Test func `a folder of tenants that another one takes the place of is watched on`() async throws {
        let (folder, told) = (try Folder(), Told())
        let watch = try #require(
            ConfigurationWatch(file: folder.main, tenantsDirectory: folder.tenants, quietMilliseconds: 20) {
                told.add()
            })
        let staged = folder.path + "/staged"
        try FileManager.default.createDirectory(atPath: staged, withIntermediateDirectories: true)
        try folder.write(tenant("salon", "+15005550003"), staged + "/salon.yaml")
        try FileManager.default.moveItem(atPath: folder.tenants, toPath: folder.path + "/before")
        try FileManager.default.moveItem(atPath: staged, toPath: folder.tenants)
        #expect(try await told.reaches(1))
        let sofar = told.count.load(ordering: .relaxed)
        try folder.write(tenant("salon", "+15005550004"), folder.tenants + "/salon.yaml")
        #expect(try await told.reaches(sofar + 1))
        withExtendedLifetime(watch) {}
    }

    @Test func `writing the same words again is no change`() async throws {
        let (folder, told) = (try Folder(), Told())
        let watch = try #require(
            ConfigurationWatch(file: folder.main, tenantsDirectory: folder.tenants, quietMilliseconds: 20) {
                told.add()
            })
        try folder.write("tenantsDirectory: tenants.d\n", folder.main)
        try folder.write("another file", folder.path + "/notes.txt")
        // Told of after those two, were they told of at all.
        try folder.write("# edited\n", folder.main)
        #expect(try await told.reaches(1))
        #expect(told.count.load(ordering: .relaxed) == 1)
        withExtendedLifetime(watch) {}
    }
}
