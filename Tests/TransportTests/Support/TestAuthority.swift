import Foundation

/// A throw-away certificate authority in a folder of its own, by the `openssl` command.
final class TestAuthority {
    let folder: String
    var authorityFile: String { folder + "/authority.pem" }

    init() throws {
        folder = NSTemporaryDirectory() + "transport-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-authority "
                + "-keyout authority.key -out authority.pem")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Writes `name.pem` and `name.key`, good for `localhost` and 127.0.0.1 unless told otherwise.
    func issue(_ name: String, subject: String, hosts: String = "DNS:localhost,IP:127.0.0.1") throws {
        try "subjectAltName=\(hosts)".write(toFile: folder + "/\(name).ext", atomically: true, encoding: .utf8)
        try openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=\(subject) "
                + "-keyout \(name).key -out \(name).csr")
        try openssl(
            "x509 -req -in \(name).csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 "
                + "-extfile \(name).ext -out \(name).pem")
    }

    func file(_ name: String) -> String { folder + "/" + name }

    private func openssl(_ arguments: String) throws {
        let (status, output) = try run("/usr/bin/openssl", arguments.split(separator: " ").map(String.init), in: folder)
        precondition(status == 0, "openssl \(arguments): \(output)")
    }
}

/// Runs a program to its end; what it said on both outputs.
func run(
    _ program: String, _ arguments: [String], in folder: String = "/", input: String = ""
) throws -> (status: Int32, output: String) {
    let process = Process(), output = Pipe(), standardInput = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardOutput = output
    process.standardError = output
    process.standardInput = standardInput
    try process.run()
    standardInput.fileHandleForWriting.write(Data(input.utf8))
    try? standardInput.fileHandleForWriting.close()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}
