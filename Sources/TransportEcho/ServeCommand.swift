import ArgumentParser
import Glibc
import Transport

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Echoes every WebSocket message and answers GET /.")

    @Option(help: "Address to listen on.") var host = "127.0.0.1"
    @Option(help: "Port to listen on; 0 takes a free one.") var port = 9_001
    @Option(help: "Event loops to spread connections over.") var loops = 1
    @Option(help: "Certificate chain, PEM.") var tlsCert: String?
    @Option(help: "Private key of the certificate, PEM.") var tlsKey: String?
    @Option(help: "Largest message, in MiB.") var maximumMessageMiB = 32

    func validate() throws {
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key: expected both or neither")
        }
        guard (1...64).contains(loops) else { throw ValidationError("--loops: expected 1 to 64") }
        guard (1...256).contains(maximumMessageMiB) else {
            throw ValidationError("--maximum-message-mi-b: expected 1 to 256")
        }
    }

    func run() throws {
        var running: [EventLoop] = []
        for index in 0..<loops {
            let loop = try EventLoop(name: "echo \(index)")
            loop.start()
            running.append(loop)
        }
        var options = ListenerOptions()
        (options.host, options.port) = (host, port)
        if let tlsCert, let tlsKey { options.tls = TLSIdentity(certificateFile: tlsCert, keyFile: tlsKey) }
        let listener = try Listener(options, loops: running, service: EchoService(maximumMessageMiB: maximumMessageMiB))
        print("listening on \(options.tls == nil ? "ws" : "wss")://\(host):\(listener.port)")
        fflush(nil)

        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        while true {
            var signal: CInt = 0
            unsafe sigwait(&signals, &signal)
            guard signal == SIGHUP else { break }
            do throws(TransportError) {
                try listener.reloadCertificate()
                print("certificate renewed")
            } catch {
                print("certificate not renewed: \(error)")
            }
            fflush(nil)
        }
        listener.close()
        for loop in running { loop.stop() }
    }
}
