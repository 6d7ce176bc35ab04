extension Conversation {
    /// Scalars of what the agent says as `playout` that were heard by now.
    func heardScalars(of playout: PlayoutItem) -> Int {
        guard let index = turns.speech(of: playout), let entry = ledger[playout] else { return 0 }
        return pace.scalars(
            of: turns.speeches[index].text, heard: seconds(ledger.heard(playout, at: now)),
            total: seconds(entry.received), isComplete: entry.isComplete)
    }

    /// An utterance was heard to its end, its words are known: that is how quickly the agent speaks.
    mutating func learnPace(of playout: PlayoutItem, saying text: String) {
        guard let entry = ledger[playout], entry.isComplete, !entry.isCut else { return }
        pace.learn(text, seconds: seconds(entry.received))
    }

    private func seconds(_ samples: Int) -> Double { Double(samples) / Double(policy.carrierSampleRateHz) }
}
