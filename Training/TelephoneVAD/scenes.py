"""Stretches of a caller's line: speech at stated levels in stated noise, through a telephone's band and mu-law."""
import numpy as np

import noises
from speech import BLOCK, FRAME, RATE, resampled, voices

SPREAD = np.array([0, 132, 396, 924, 1980, 4092, 8316, 16764])


def mulaw(samples):
    """To G.711 mu-law and back, in 16-bit integers (the nearest code word)."""
    steps = np.concatenate([SPREAD[s] + (np.arange(16) << (s + 3)) for s in range(8)])
    values = np.clip(np.round(samples * 32768), -32124, 32124)
    magnitude = steps[np.searchsorted((steps[1:] + steps[:-1]) / 2, np.abs(values), side="right")]
    return np.where(values < 0, -magnitude, magnitude).astype(np.int16)


def decibels(value):
    return 10 ** (value / 20)


def talk(chance, pool, count, pause, shift=(1.0, 1.0)):
    """One party's speech over `count` samples at -20 dB, and its activity by blocks of 5 ms."""
    samples, active = np.zeros(count), np.zeros(count // BLOCK, bool)
    kinds = list(pool)
    weights = np.array([{"prompt": 0.6, "espeak": 0.22, "flite": 0.18}[kind] for kind in kinds])
    kind = kinds[chance.choice(len(kinds), p=weights / weights.sum())]
    speaker = pool[kind][chance.integers(len(pool[kind]))][1]
    own = [entry for entry in pool[kind] if entry[1] == speaker]
    factor = chance.uniform(*shift)
    place = int(chance.exponential(pause) * RATE / BLOCK)
    while place < len(active):
        _, _, clip, spoken = own[chance.integers(len(own))]
        if factor != 1:
            clip = resampled(clip, factor)
            blocks = len(clip) // BLOCK
            spoken = spoken[np.minimum((np.arange(blocks) / factor).astype(int), len(spoken) - 1)]
        take = min(len(spoken), len(active) - place, int(4 * RATE / BLOCK))
        samples[place * BLOCK : (place + take) * BLOCK] += clip[: take * BLOCK] * decibels(chance.normal(0, 1.5))
        active[place : place + take] |= spoken[:take]
        place += take + int((0.15 + chance.exponential(pause)) * RATE / BLOCK)
    return samples, active


def band(chance, samples):
    """The telephone's band, more or less, with a microphone's slopes."""
    spectrum = np.fft.rfft(samples)
    f = np.fft.rfftfreq(len(samples), 1 / RATE)
    gain = decibels(np.interp(f, [0, 300, 800, 1600, 2600, 4000], chance.uniform(-5, 5, 6)))
    if chance.random() < 0.6:
        low, high = chance.uniform(150, 320), chance.uniform(3200, 3700)
        gain = gain / np.sqrt(1 + (low / np.maximum(f, 1)) ** 6) / np.sqrt(1 + (f / high) ** 12)
    return np.fft.irfft(spectrum * gain, len(samples))


def echo(chance, pool, count):
    """What comes back of the far end's speech: late, twice, coloured."""
    said, _ = talk(chance, pool, count, 0.6)
    late = int(chance.uniform(0.02, 0.4) * RATE)
    back = np.zeros(count)
    back[late:] = said[: count - late]
    later = late + int(chance.uniform(0.005, 0.05) * RATE)
    back[later:] += chance.uniform(0, 0.5) * said[: count - later]
    return band(chance, back) * 10


def babble(chance, pool, count):
    return noises.unit(sum(talk(chance, pool, count, 0.2)[0] for _ in range(chance.integers(5, 9))))


def frames_active(active):
    """A 20 ms frame is speech when at least half of it is."""
    return active.reshape(-1, FRAME // BLOCK).mean(1) >= 0.5


def training(chance, seconds, pool):
    """One training scene: samples (int16) and what its frames are.

    Caller -34 to -10 dB of full scale (active speech), never in three scenes of ten; a noise floor at -75 to -38; in 60 of
    100 scenes (90, when nobody calls) something louder, 0 to 30 dB below the caller; echo at -62 to -44; a few are clipped,
    or have an offset.
    """
    count = seconds * RATE
    level, active = chance.uniform(-34, -10), np.zeros(count // BLOCK, bool)
    samples = np.zeros(count)
    if chance.random() < 0.7:
        said, active = talk(chance, pool, count, chance.choice([0.3, 1, 2.5]), (0.78, 1.35))
        samples = band(chance, said) * decibels(level + 20)
    floor = chance.choice([noises.white, noises.coloured, noises.fan])(chance, count)
    samples += floor * decibels(chance.uniform(-75, -38))
    if chance.random() < (0.6 if active.any() else 0.9):
        name = chance.choice(list(noises.TRAINED) + ["music", "band", "band", "babble", "coloured", "tones"])
        other = babble(chance, pool, count) if name == "babble" else noises.TRAINED[name](chance, count)
        below = chance.uniform(8, 30) if name == "babble" else chance.uniform(0, 30)
        loudness = level - below if active.any() else chance.uniform(-55, -36 if name == "babble" else -12)
        if chance.random() < 0.5:
            # It begins or ends within the scene.
            edge = chance.integers(0, count)
            other = np.where((np.arange(count) < edge) == (chance.random() < 0.5), other, 0)
        samples += band(chance, other) * decibels(loudness)
    if chance.random() < 0.25:
        samples += echo(chance, pool, count) * decibels(min(chance.uniform(-62, -44), level - 16))
    if chance.random() < 0.08:
        samples = np.clip(samples * decibels(chance.uniform(6, 20)), -0.9, 0.9)
    if chance.random() < 0.1:
        samples += chance.uniform(-0.01, 0.01)
    if chance.random() < 0.05:
        # Nothing at all for a while, as a muted telephone sends it.
        edge = chance.integers(0, count)
        samples[edge : edge + RATE] *= 0
        active[edge // BLOCK : (edge + RATE) // BLOCK] = False
    return mulaw(samples), frames_active(active)
