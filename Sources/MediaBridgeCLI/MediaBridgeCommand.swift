@main struct MediaBridgeCommand { static func main() {} }
