import Testing
import TurnStore

@Suite struct `Requests for outbound calls` {
    private static let limits = CallRequestLimits(sameNumberMilliseconds: 60_000, perMinute: 3)

    private static func request(
        _ id: String, tenant: String = "tea", key: String? = nil, body: String = "b", number: String = "n1", at: Int64
    ) -> CallRequest {
        CallRequest(id: id, tenant: tenant, key: key ?? id, bodyDigest: body, numberDigest: number, at: at)
    }

    @Test func `one key is one call: with the same body its answer, with another a mistake, also after a restart`()
        throws
    {
        let directory = try TemporaryDirectory()
        let path = directory.file("store.sqlite")
        var store = try TurnStore(path: path)
        #expect(try store.callRequests.begin(Self.request("r1", key: "k", at: 1_000), Self.limits) == .new)
        try store.callRequests.finish("r1", .made, call: "CA1", httpStatus: 201, answer: "{}")
        store.close()
        store = try TurnStore(path: path)
        defer { store.close() }
        guard
            case .repeated(let known) = try store.callRequests.begin(
                Self.request("r2", key: "k", at: 2_000), Self.limits)
        else {
            Issue.record("the key was forgotten")
            return
        }
        #expect(known.id == "r1" && known.call == "CA1" && known.httpStatus == 201 && known.answer == "{}")
        #expect(
            try store.callRequests.begin(Self.request("r3", key: "k", body: "other", at: 2_000), Self.limits)
                == .keyReused)
        // R13: another tenant's key is another key.
        #expect(
            try store.callRequests.begin(
                Self.request("r4", tenant: "salon", key: "k", body: "other", at: 2_000), Self.limits) == .new)
        // After a day it is a new call.
        #expect(
            try store.callRequests.begin(
                Self.request("r5", key: "k", body: "other", at: 1_001 + CallRequests.memoryMilliseconds), Self.limits)
                == .new)
    }

    @Test func `one number once in its time, unless it surely was not called`() throws {
        let directory = try TemporaryDirectory()
        let store = try TurnStore(path: directory.file("store.sqlite"))
        defer { store.close() }
        let requests = store.callRequests
        #expect(try requests.begin(Self.request("r1", at: 1_000), Self.limits) == .new)
        guard case .sameNumber(let first) = try requests.begin(Self.request("r2", at: 60_999), Self.limits) else {
            Issue.record("called twice")
            return
        }
        #expect(first.id == "r1")
        #expect(try requests.begin(Self.request("r3", tenant: "salon", at: 2_000), Self.limits) == .new)
        try requests.finish("r1", .refused, call: nil, httpStatus: 422, answer: "{}")
        #expect(try requests.begin(Self.request("r4", at: 2_000), Self.limits) == .new)
        #expect(try requests.begin(Self.request("r5", at: 62_001), Self.limits) == .new)
    }

    @Test func `so many in a minute, and how long to wait for the next`() throws {
        let directory = try TemporaryDirectory()
        let store = try TurnStore(path: directory.file("store.sqlite"))
        defer { store.close() }
        for place in 0..<3 {
            let request = Self.request("r\(place)", number: "n\(place)", at: Int64(place) * 1_000 + 1)
            #expect(try store.callRequests.begin(request, Self.limits) == .new)
        }
        let next = Self.request("r9", number: "n9", at: 10_001)
        #expect(try store.callRequests.begin(next, Self.limits) == .tooMany(waitMilliseconds: 50_000))
        let later = Self.request("r9", number: "n9", at: 60_001)
        #expect(try store.callRequests.begin(later, Self.limits) == .new)
    }

    @Test func `what was made stays made, and one that was never sent is forgotten`() throws {
        let directory = try TemporaryDirectory()
        let store = try TurnStore(path: directory.file("store.sqlite"))
        defer { store.close() }
        _ = try store.callRequests.begin(Self.request("r1", at: 1), Self.limits)
        try store.callRequests.finish("r1", .made, call: "CA1", httpStatus: 201, answer: "made")
        try store.callRequests.finish("r1", .unknown, call: nil, httpStatus: 504, answer: "unknown")
        #expect(try store.callRequests.request("r1")?.state == .made)
        #expect(try store.callRequests.request("r1")?.answer == "made")
        try store.callRequests.forget("r1")
        #expect(try store.callRequests.request("r1") == nil)
    }
}
