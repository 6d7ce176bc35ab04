import Testing

@testable import CallControl

@Suite struct `Hosts of recordings` {
    private let hosts = MediaHosts(apiURL: "https://api.twilio.com", mediaHosts: ["bucket.s3.amazonaws.com"])

    private func admits(_ url: String) -> Bool { MediaAddress(url).map { hosts.admit($0) } ?? false }

    @Test(arguments: [
        "https://api.twilio.com/2010-04-01/x.wav", "https://api.dublin.ie1.twilio.com/x", "https://API.Twilio.com./x",
        "https://media.twiliocdn.com/AC1/x", "https://bucket.s3.amazonaws.com/x?signature=1",
        "https://api.twilio.com:443/x",
    ])
    func `are the carrier's and those of the file`(url: String) { #expect(admits(url)) }

    @Test(arguments: [
        "http://api.twilio.com/x", "https://api.twilio.com:8443/x", "https://api.twilio.com.example.com/x",
        "https://eviltwilio.com/x", "https://twilio.com@example.com/x", "https://example.com/api.twilio.com",
        "https://example.com\\.twilio.com/x", "https://other.s3.amazonaws.com/x", "https://127.0.0.1/x",
        "https://[::1]/x", "https://169.254.169.254/latest/meta-data", "file:///etc/passwd", "ftp://api.twilio.com/x",
        "https://", "https://api.twilio.com#.example.com/x", "https://example.com%2f.twilio.com:99/x", "",
        "https://api.twilio.com:0/x", "https://api.twilio.com:65536/x", "//api.twilio.com/x",
    ])
    func `are no others`(url: String) { #expect(!admits(url)) }

    @Test func `see the credentials only where the REST interface is`() throws {
        func maySee(_ url: String, _ hosts: MediaHosts) throws -> Bool {
            hosts.mayHaveCredentials(try #require(MediaAddress(url)))
        }
        #expect(try maySee("https://api.twilio.com/x", hosts))
        #expect(try maySee("https://api.sydney.au1.twilio.com/x", hosts))
        #expect(try !maySee("https://media.twiliocdn.com/x", hosts))
        #expect(try !maySee("https://www.twilio.com/x", hosts))
        #expect(try !maySee("https://bucket.s3.amazonaws.com/x", hosts))
        let own = MediaHosts(apiURL: "http://127.0.0.1:8000")
        #expect(try maySee("http://127.0.0.1:8000/x", own))
        #expect(try !maySee("http://127.0.0.1:8001/x", own))
        #expect(try !maySee("http://localhost:8000/x", own))
    }

    @Test(
        arguments: [
            [10, 0, 0, 1], [127, 0, 0, 1], [169, 254, 169, 254], [172, 16, 0, 1], [172, 31, 255, 255],
            [192, 168, 1, 1],
            [100, 64, 0, 1], [0, 0, 0, 0], [224, 0, 0, 1], [255, 255, 255, 255], [198, 18, 0, 1], [192, 0, 2, 1],
        ] as [[UInt8]])
    func `are not inside somebody's network`(address: [UInt8]) { #expect(!PublicAddress.isPublic(v4: address)) }

    @Test func `are on the public Internet`() {
        #expect(PublicAddress.isPublic(v4: [54, 172, 60, 1]))
        #expect(PublicAddress.isPublic(v4: [172, 32, 0, 1]) && PublicAddress.isPublic(v4: [100, 128, 0, 1]))
        let zeros = [UInt8](repeating: 0, count: 12)
        #expect(PublicAddress.isPublic(v6: [0x26, 0x00, 0x1F, 0x18] + zeros))
        #expect(!PublicAddress.isPublic(v6: [UInt8](repeating: 0, count: 15) + [1]))
        #expect(!PublicAddress.isPublic(v6: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 127, 0, 0, 1]))
        #expect(
            !PublicAddress.isPublic(v6: [0xFD, 0, 0, 0] + zeros)
                && !PublicAddress.isPublic(v6: [0xFE, 0x80, 0, 0] + zeros))
        #expect(!PublicAddress.isPublic(v6: [0x20, 0x02, 0x7F, 0] + zeros))
    }

    @Test func `that resolve to a private address are refused before anything is sent`() async throws {
        // A name of the operator's list that leads to this host: its address is looked at, not its name.
        let hosts = MediaHosts(apiURL: "https://api.twilio.com", mediaHosts: ["localhost"])
        let address = try #require(MediaAddress("https://localhost/x"))
        #expect(hosts.admit(address))
        #expect(throws: RecordingFailure.privateAddress) {
            do throws(RecordingFailure) {
                _ = try MediaConnection(to: address, hosts: hosts, limits: .init())
            } catch { throw error as any Error }
        }
    }
}
