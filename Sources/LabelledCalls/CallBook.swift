/// The cases that are measured. Levels are relative to full scale; the agent speaks at -18 dB.
public enum CallBook {
    /// - Parameter scale: every count times this, at least 1.
    public static func recipes(scale: Double = 1) -> [CallRecipe] {
        var book: [CallRecipe] = []
        func add(_ group: String, _ count: Int, _ change: (inout CallRecipe) -> Void) {
            var recipe = CallRecipe(group, max(1, Int((Double(count) * scale).rounded())))
            change(&recipe)
            book.append(recipe)
        }
        for level in [-16.0, -22, -30] {
            add("words at \(Int(level)) dB, quiet line", 20) { $0.words = level }
        }
        for (noise, ratios) in [
            (NoiseKind.white, [20.0, 15, 10]), (.babble, [20, 15, 10]), (.car, [15, 10]), (.hum, [10]),
        ] {
            for ratio in ratios {
                add("words, \(noise.rawValue) \(Int(ratio)) dB below", 15) {
                    ($0.words, $0.noise, $0.noiseDecibels) = (-22, noise, -ratio)
                }
            }
        }
        for echo in [-12.0, -18, -24, -30] {
            add("words over echo \(Int(echo)) dB", 25) { ($0.words, $0.echo) = (-22, echo) }
        }
        add("quiet words (-28 dB) over echo -18 dB", 20) { ($0.words, $0.echo) = (-28, -18) }
        add("words over echo -18 dB, white 20 dB below", 15) {
            ($0.words, $0.echo, $0.noise, $0.noiseDecibels) = (-22, -18, .white, -20)
        }
        add("words in the first 1.5 s over echo -18 dB", 20) { ($0.words, $0.echo, $0.after) = (-22, -18, 0.3...1.5) }

        add("nothing, quiet line", 10) { _ in }
        for echo in [-12.0, -18, -24, -30] { add("echo \(Int(echo)) dB", 30) { $0.echo = echo } }
        add("echo -15 dB, 100 ms later half-way", 20) { ($0.echo, $0.jumpMilliseconds) = (-15, 100) }
        add("echo -18 dB, white noise -45 dB", 20) { ($0.echo, $0.noise, $0.noiseDecibels) = (-18, .white, -45) }
        for noise in NoiseKind.allCases {
            add("\(noise.rawValue) noise -40 dB", 15) { ($0.noise, $0.noiseDecibels) = (noise, -40) }
        }
        for sound in SoundKind.allCases { add("\(sound.rawValue)s", 20) { $0.sound = sound } }
        add("coughs over echo -18 dB", 20) { ($0.sound, $0.echo) = (.cough, -18) }
        return book
    }
}
