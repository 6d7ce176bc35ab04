import MediaBridgeCLI

await MediaBridgeCommand.launch()
