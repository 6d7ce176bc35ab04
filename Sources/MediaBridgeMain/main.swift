import MediaBridgeCLI

await MediaBridgeCommand.main()
