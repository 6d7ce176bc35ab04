@main struct TransportEchoCommand { static func main() {} }
