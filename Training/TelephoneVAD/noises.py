"""What a line carries besides speech, made up: `TRAINED` is heard in training, `UNSEEN` only in the evaluation.

Each takes a random generator and a number of samples and gives floats of about unit power.
"""
import numpy as np

from speech import RATE


def unit(samples):
    return samples / max(np.sqrt((samples**2).mean()), 1e-9)


def shaped(chance, count, gain):
    """Noise whose spectrum follows `gain` (of the frequencies in Hz)."""
    spectrum = np.fft.rfft(chance.standard_normal(count))
    return unit(np.fft.irfft(spectrum * gain(np.fft.rfftfreq(count, 1 / RATE)), count))


def white(chance, count):
    return chance.standard_normal(count)


def coloured(chance, count):
    """From pink to brown and beyond, as rooms, fans and lines have it."""
    slope = chance.uniform(0.3, 1.4)
    return shaped(chance, count, lambda f: 1 / np.maximum(f, 40) ** slope)


def fan(chance, count):
    """Coloured noise with a few resonances."""
    centres, widths = chance.uniform(80, 2500, 4), chance.uniform(20, 200, 4)
    tops = chance.uniform(1, 8, 4)

    def gain(f):
        return (1 + (tops * np.exp(-(((f[:, None] - centres) / widths) ** 2))).sum(1)) / np.maximum(f, 100) ** 0.7

    return shaped(chance, count, gain)


def hum(chance, count):
    time = np.arange(count) / RATE
    base = chance.choice([50, 60]) * chance.uniform(0.995, 1.005)
    parts = sum(
        chance.uniform(0, 1) / k**0.7 * np.sin(2 * np.pi * k * base * time + chance.uniform(0, 6)) for k in range(1, 12))
    return unit(parts + 0.1 * chance.standard_normal(count))


def clicks(chance, count):
    """Short damped strokes: a door, a pen, a lost packet."""
    samples = np.zeros(count)
    for _ in range(chance.poisson(count / RATE * chance.uniform(0.3, 4)) + 1):
        length = int(chance.uniform(0.001, 0.03) * RATE)
        at = chance.integers(0, max(1, count - length))
        time = np.arange(length) / RATE
        stroke = chance.standard_normal(length) * np.exp(-time / (length / RATE / 4))
        if chance.random() < 0.5:
            stroke = np.sin(2 * np.pi * chance.uniform(200, 3000) * time) * np.exp(-time / (length / RATE / 4))
        samples[at : at + length] += stroke * chance.uniform(0.3, 1)
    return samples * 3


def tones(chance, count):
    """Ringing, busy, dialling, keys, single and swept tones, steady or in cadence."""
    time = np.arange(count) / RATE
    kind = chance.integers(0, 4)
    if kind == 0:
        pair = [(440, 480), (480, 620), (350, 440), (425, 425), (400, 450)][chance.integers(0, 5)]
    elif kind == 1:
        pair = (chance.choice([697, 770, 852, 941]), chance.choice([1209, 1336, 1477, 1633]))
    else:
        pair = (chance.uniform(150, 3300),) * 2
    samples = sum(np.sin(2 * np.pi * f * time + chance.uniform(0, 6)) for f in pair)
    if chance.random() < 0.75:
        on, off = chance.choice([0.08, 0.2, 0.5, 1, 2]), chance.choice([0.08, 0.2, 0.5, 1, 4])
        samples = samples * ((time + chance.uniform(0, on + off)) % (on + off) < on)
    return samples


def music(chance, count):
    """Hold music, made up: chords, a melody that glides or plucks, a bass, and often drums."""
    time = np.arange(count) / RATE
    beat = chance.uniform(0.3, 0.8)
    scale = np.array([0, 2, 3, 5, 7, 8, 10] if chance.random() < 0.5 else [0, 2, 4, 5, 7, 9, 11])
    root = chance.uniform(45, 62)
    overtones = chance.uniform(0.2, 1.0, 6) ** 2 / np.arange(1, 7)
    samples = np.zeros(count)

    def note(pitch, start, length, strength, decay, vibrato=0.0):
        first, last = int(start * RATE), min(count, int((start + length) * RATE))
        if first >= last:
            return
        t = np.arange(last - first) / RATE
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        phase = 2 * np.pi * hertz * (t + vibrato * np.sin(2 * np.pi * 5.5 * t) / (2 * np.pi * 5.5))
        tone = sum(a * np.sin(k * phase) for k, a in enumerate(overtones, 1) if k * hertz < 3800)
        if np.isscalar(tone):
            return
        rise = np.minimum(1, t / 0.01) * np.minimum(1, (t[-1] - t) / 0.02 + 1e-3)
        samples[first:last] += strength * tone * np.exp(-t * decay) * rise

    plucked, vibrato = chance.uniform(0.3, 6), chance.choice([0, 0.004, 0.01])
    melody, drums = chance.random() < 0.75, chance.random() < 0.6
    bar, end = 0.0, count / RATE
    while bar < end:
        degree = chance.integers(0, 7)
        for step in (0, 2, 4):
            octave, index = divmod(degree + step, 7)
            note(root + 12 * octave + scale[index], bar, 4 * beat, 0.3, chance.uniform(0.2, 1.5))
        note(root - 12 + scale[degree], bar, 2 * beat, 0.6, 1)
        place = bar
        while melody and place < bar + 4 * beat:
            length = beat * chance.choice([0.5, 1, 1, 2])
            if chance.random() < 0.85:
                note(root + 12 + scale[chance.integers(0, 7)], place, length, 0.7, plucked, vibrato)
            place += length
        bar += 4 * beat
    if drums:
        for index in range(int(end / beat * 2)):
            first = int(index * beat / 2 * RATE)
            length = min(count - first, 1200)
            if length > 100:
                t = np.arange(length) / RATE
                loud = 1.2 if index % 4 == 2 else 0.4
                samples[first : first + length] += loud * chance.standard_normal(length) * np.exp(-t * 60)
                if index % 4 == 0:
                    samples[first : first + length] += 2 * np.sin(2 * np.pi * 70 * t) * np.exp(-t * 25)
    return unit(samples)


def envelope(chance, harmonics, hertz):
    """Strengths of a tone's harmonics: a slope with two or three bumps, as bodies of instruments have."""
    f = np.arange(1, harmonics + 1) * hertz
    strength = f ** -chance.uniform(0.2, 1.5)
    for _ in range(chance.integers(0, 4)):
        centre, width = chance.uniform(200, 3200), chance.uniform(60, 500)
        strength = strength * (1 + chance.uniform(1, 10) * np.exp(-(((f - centre) / width) ** 2)))
    return strength * (f < 3900)


def buzz(chance, count):
    """A steady harmonic sound: a vacuum cleaner, a shaver, a horn. Its pitch wanders slowly or steps, it has no syllables."""
    time = np.arange(count) / RATE
    hertz = np.exp(chance.uniform(np.log(30), np.log(500)))
    wander = 1 + chance.uniform(0, 0.06) * np.sin(2 * np.pi * chance.uniform(0.02, 0.5) * time + chance.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(hertz * wander) / RATE
    samples = np.zeros(count)
    for k, strength in enumerate(envelope(chance, min(40, int(3600 / hertz)), hertz), 1):
        samples += strength * np.sin(k * phase + chance.uniform(0, 6))
    return unit(unit(samples) + chance.uniform(0, 0.7) * coloured(chance, count))


def band_music(chance, count):
    """Hold music, made up in another way: one to four instruments with waveforms, filters and rhythms of their own, often
    with drums, a room and some distortion."""
    beat, end = chance.uniform(0.2, 0.6), count / RATE
    scale = np.array([[0, 3, 5, 7, 10], [0, 2, 4, 7, 9], [0, 2, 3, 7, 8], [0, 4, 7, 11, 14]][chance.integers(0, 4)])
    root = chance.uniform(40, 60)
    mix = np.zeros(count)
    for _ in range(chance.integers(1, 5)):
        octave, track = 12 * chance.integers(0, 4), np.zeros(count)
        lengths = chance.choice([0.25, 0.5, 1, 2, 4, 8], 4)
        rise, decay = chance.choice([0.003, 0.01, 0.05, 0.3]), chance.choice([0, 0.5, 2, 8])
        rest, glide, tremble = chance.choice([0, 0.1, 0.4]), chance.choice([0, 0, 0.03, 0.1]), chance.choice([0, 0, 0.3])
        voices = chance.choice([1, 1, 2, 3])
        shape = chance.integers(0, 1 << 30)
        place = chance.uniform(0, 4) * beat
        while place < end:
            length = beat * chance.choice(lengths)
            if chance.random() >= rest:
                first, last = int(place * RATE), min(count, int((place + length * chance.uniform(0.6, 1)) * RATE))
                t = np.arange(max(0, last - first)) / RATE
                for _ in range(voices if len(t) > 80 else 0):
                    hertz = 440 * 2 ** ((root + octave + scale[chance.integers(0, 5)] - 69) / 12)
                    bend = t + glide * np.exp(-t * 20) / 20
                    same = np.random.default_rng(shape)
                    tone = np.zeros(len(t))
                    for k, strength in enumerate(envelope(same, max(1, min(24, int(3600 / hertz))), hertz), 1):
                        tone += strength * np.sin(2 * np.pi * k * hertz * bend + k)
                    tone *= np.minimum(1, t / rise) * np.exp(-t * decay) * np.minimum(1, (t[-1] - t) / 0.02)
                    track[first:last] += tone * (1 + tremble * np.sin(2 * np.pi * 5 * t)) / max(np.abs(tone).max(), 1e-9)
            place += length
        mix += unit(track) * chance.uniform(0.3, 1) if track.any() else 0
    if chance.random() < 0.6:
        pattern = chance.random(16) * (chance.random(16) < 0.6)
        for index in range(int(end / beat * 4)):
            first = int(index * beat / 4 * RATE)
            length = min(count - first, 1600)
            if pattern[index % 16] > 0 and length > 100:
                t = np.arange(length) / RATE
                if index % 16 in (0, 8, 10):
                    mix[first : first + length] += 3 * np.sin(2 * np.pi * (50 * t + 3 * (1 - np.exp(-t * 30)))) * np.exp(-t * 20)
                else:
                    mix[first : first + length] += 2 * pattern[index % 16] * chance.standard_normal(length) * np.exp(
                        -t * chance.choice([20, 60, 150]))
    mix = unit(mix + 1e-6 * chance.standard_normal(count))
    if chance.random() < 0.4:
        length = RATE
        room = chance.standard_normal(length) * np.exp(-np.arange(length) / RATE * chance.uniform(4, 15))
        size = count + length
        mix = unit(mix + chance.uniform(0.2, 0.8) * unit(np.fft.irfft(np.fft.rfft(mix, size) * np.fft.rfft(room, size), size)[:count]))
    if chance.random() < 0.3:
        mix = unit(np.tanh(mix * chance.uniform(1, 4)))
    return mix


def engine(chance, count):
    """A motor that changes its speed: pulses through a resonance."""
    time = np.arange(count) / RATE
    speed = 40 + 25 * np.sin(2 * np.pi * chance.uniform(0.05, 0.3) * time + chance.uniform(0, 6))
    pulses = (np.diff(np.floor(np.cumsum(speed) / RATE), prepend=0) > 0) * chance.uniform(0.5, 1.5, count)
    shape = np.exp(-np.arange(200) / 40) * np.sin(2 * np.pi * chance.uniform(90, 300) * np.arange(200) / RATE)
    return unit(np.convolve(pulses, shape)[:count] + 0.02 * chance.standard_normal(count))


def typing(chance, count):
    """Keys in runs, each a press and a release."""
    samples, place = np.zeros(count), 0.0
    while place < count / RATE:
        for _ in range(chance.integers(2, 14)):
            for delay, loud in ((0, 1), (chance.uniform(0.05, 0.1), 0.4)):
                first = int((place + delay) * RATE)
                length = min(count - first, 160)
                if length > 10:
                    t = np.arange(length) / RATE
                    body = np.sin(2 * np.pi * chance.uniform(900, 2600) * t) + chance.standard_normal(length)
                    samples[first : first + length] += loud * body * np.exp(-t * 400)
            place += chance.uniform(0.08, 0.25)
        place += chance.uniform(0.3, 1.5)
    return samples * 2


def street(chance, count):
    """Noise that swells as cars go by."""
    time = np.arange(count) / RATE
    swell = 0.15 + sum(
        np.exp(-(((time - chance.uniform(0, time[-1])) / chance.uniform(0.7, 2)) ** 2)) for _ in range(1 + count // 40000))
    return unit(shaped(chance, count, lambda f: np.exp(-f / 900)) * swell)


def siren(chance, count):
    time = np.arange(count) / RATE
    hertz = 900 + 450 * np.sin(2 * np.pi * chance.uniform(0.2, 3) * time)
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    return unit(np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase))


TRAINED = {
    "white": white, "coloured": coloured, "fan": fan, "hum": hum, "clicks": clicks, "tones": tones, "music": music,
    "band": band_music, "buzz": buzz,
}
UNSEEN = {"engine": engine, "typing": typing, "street": street, "siren": siren}
