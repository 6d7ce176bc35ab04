/// What calls are made to do while they are measured. What a host carries depends on it more than on anything else.
public enum CapacityProfile: String, Codable, Sendable, CaseIterable {
    /// The model speaks the carrier's mu-law: 20 ms in each message, both ways.
    case passthrough
    /// The model speaks linear audio at 24 kHz: resampled both ways, 20 ms in each message.
    case transcode
    /// As `transcode`, with 100 ms in each message to and from the model, and to the carrier.
    case batched

    public var audioFormat: ModelConfiguration.AudioFormat { self == .passthrough ? .pcmu : .pcm24 }
    /// Audio in one message to the model and to the carrier, and in one of the model's.
    public var batchMilliseconds: Int { self == .batched ? 100 : 20 }
}

extension ServiceConfiguration {
    /// The profile that this service's calls come nearest to without costing more.
    public var capacityProfile: CapacityProfile {
        guard model.audioFormat == .pcm24 else { return .passthrough }
        let isBatched =
            !tenants.isEmpty
            && tenants.allSatisfy { $0.uplinkBatchMilliseconds >= 100 && $0.downlinkBatchMilliseconds >= 100 }
        return isBatched ? .batched : .transcode
    }
}
