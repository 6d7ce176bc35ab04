import ArgumentParser
import Configuration
import Foundation

struct TenantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants", abstract: "List the tenants of a configuration: whose number it is, and who is open.",
        discussion: """
            Tenants of the file and of its `tenantsDirectory`, as a service that reads them now would have them. \
            `--at` answers for another moment: is the clinic open on Christmas Eve at eight?
            """)

    @Option(name: .long, help: "The YAML file. Default: the embedded defaults.") var config: String?
    @Option(help: "Only the tenant with this number (E.164).") var number: String?
    @Option(help: "The moment whose business hours are looked at, as 2026-12-24T20:00:00+01:00. Default: now.")
    var at: String?
    @Flag(help: "One JSON array instead of a table.") var json = false

    func validate() throws { _ = try moment() }

    func run() throws {
        let date = try moment()
        let configuration = try loadConfiguration(config)
        let tenants = configuration.tenants.filter { tenant in number.map(tenant.numbers.contains) ?? true }
        if let number, tenants.isEmpty {
            throw CommandFailure("\(number) is no tenant's number: calls to it are rejected")
        }
        let listed = tenants.map { ListedTenant($0, limits: configuration.limits, at: date) }
        if json { return try printJSON(listed) }
        let rows = listed.map {
            [
                $0.id, $0.numbers.joined(separator: " "), $0.directions.joined(separator: "+"), $0.language,
                $0.timeZone,
                $0.hours, $0.maximumCalls.map(String.init) ?? "-",
            ]
        }
        print(table(["tenant", "numbers", "directions", "language", "time zone", "hours", "calls"], rows))
    }

    private func moment() throws -> Date {
        guard let at else { return Date() }
        do { return try Date(at, strategy: .iso8601) } catch {
            throw ValidationError("--at: \(at), expected a time as 2026-12-24T20:00:00+01:00")
        }
    }
}

/// What is said of a tenant to whoever lists them; no secret among it.
private struct ListedTenant: Encodable {
    var id: String
    var numbers: [String]
    var accountSid: String
    var directions: [String]
    var language: String
    var timeZone: String
    /// `always`, `open` or `closed`.
    var hours: String
    /// At a time; nil: as many as the service takes.
    var maximumCalls: Int?

    init(_ tenant: Tenant, limits: LimitConfiguration, at date: Date) {
        (id, numbers, accountSid) = (tenant.id, tenant.numbers, tenant.accountSid)
        directions = (tenant.inbound == nil ? [] : ["inbound"]) + (tenant.outbound == nil ? [] : ["outbound"])
        (language, timeZone) = (tenant.language, tenant.timeZone)
        hours = tenant.hours == nil ? "always" : tenant.isClosed(at: date) ? "closed" : "open"
        maximumCalls = tenant.maximumCalls ?? limits.maximumCallsPerTenant
    }
}
