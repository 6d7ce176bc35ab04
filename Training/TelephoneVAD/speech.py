"""Clean speech at 8 kHz, by speaker and language, and where in it somebody speaks.

Every voice belongs to one part: `train`, `check` (the same speakers, other sentences: to choose when to stop and at what
probability) or `test` (languages and speakers that training never heard).
"""
import functools
import hashlib
import pathlib
import random
import subprocess
import wave

import numpy as np

RATE, FRAME, BLOCK = 8000, 160, 40
PROMPTS = pathlib.Path("/usr/share/asterisk/sounds")
PROMPT_VOICES = {
    "train": {"en_US_f_Allison": "en", "es_MX_f_Allison": "es", "fr_CA_f_June": "fr"},
    "test": {"it_IT_m_Carlo": "it", "ru_RU_f_IvrvoiceRU": "ru"},
}
# Tones and monkeys are no speech; nor are the recordings of silence.
NO_SPEECH = ("beep", "2tone", "monkeys", "weasels", "silence")
FLITE = {"train": ["awb", "rms", "kal16"], "test": ["slt"]}
ESPEAK = {
    "train": (
        ["de", "en-us", "en-gb", "es-419", "fr-fr", "nl", "pt-br", "pl", "tr", "ro", "hi", "cs", "da", "id", "sw", "hu"],
        ["m1", "m2", "m3", "f1", "f2", "f3", "klatt2"],
    ),
    "test": (["el", "fi", "sv", "uk", "vi", "ko", "fa"], ["m7", "f5", "klatt4"]),
}
SENTENCES = """I would like to change my appointment to Thursday afternoon.
Could you tell me how much is left on my account?
No, that is not what I said.
Yes.
Hold on, let me find the letter with the reference on it.
My name is spelled with a double t at the end.
The parcel was supposed to arrive two days ago.
Can I speak to somebody about the invoice?
What are your opening hours during the holidays?
Thank you, that would be all for today.
It stopped working after the storm last night.
Please send the form to my new address.
Is there a cheaper way to travel on Sunday?
Sorry, the line is quite bad, could you say that again?
We ordered six chairs and received only five.
I am calling about the flat on Garden Street.
How long will the repair take?
Sure, go ahead.
My daughter has had a fever since yesterday evening.
The code I was given does not seem to be valid.""".split("\n")


def resampled(samples, factor):
    """`factor` times as many samples, by its spectrum: what does not fit is left out."""
    spectrum = np.fft.rfft(samples)
    count = max(BLOCK, round(len(samples) * factor))
    wanted = np.zeros(count // 2 + 1, complex)
    shared = min(len(wanted), len(spectrum))
    wanted[:shared] = spectrum[:shared]
    return np.fft.irfft(wanted, count) * (count / len(samples))


def read(file):
    with wave.open(file) as recording:
        rate = recording.getframerate()
        # Synthesisers write to a pipe and do not know the length: what is there is read.
        samples = np.frombuffer(recording.readframes(1 << 26), "<i2").astype(float) / 32768
    return samples if rate == RATE else resampled(samples, RATE / rate)


def activity(samples):
    """For every 5 ms: whether somebody speaks. Within 35 dB of the loud ones (their 95th percentile), without gaps of less
    than 80 ms (a stop within a word is speech) and without what is shorter than 15 ms."""
    blocks = len(samples) // BLOCK
    power = (samples[: blocks * BLOCK].reshape(blocks, BLOCK) ** 2).mean(1)
    active = power > max(np.percentile(power, 95) * 10**-3.5, 1e-8)
    for value, shortest in ((True, 3), (False, 16)):
        edges = np.flatnonzero(np.diff(active)) + 1
        for start, end in zip(edges[:-1], edges[1:]):
            if end - start < shortest and active[start] == value:
                active[start:end] = not value
    return active


def utterance(samples):
    """Trimmed to what is spoken, at -20 dB active level; None when that is less than a quarter of a second."""
    if len(samples) < RATE // 4:
        return None
    active = activity(samples)
    spoken = np.flatnonzero(active)
    if len(spoken) < 50:
        return None
    first, last = spoken[0], spoken[-1] + 1
    samples, active = samples[first * BLOCK : last * BLOCK], active[first:last]
    level = np.sqrt((samples.reshape(-1, BLOCK)[active] ** 2).mean())
    return (samples * (0.1 / level)).astype(np.float32), active


def synthesised(command):
    import io

    output = subprocess.run(command, capture_output=True, check=True).stdout
    return read(io.BytesIO(output))


def is_held_back(name):
    return hashlib.sha256(name.encode()).digest()[0] < 26


def prompts(part):
    for folder, language in PROMPT_VOICES["test" if part == "test" else "train"].items():
        for path in sorted((PROMPTS / folder).rglob("*.wav")):
            if any(word in str(path) for word in NO_SPEECH):
                continue
            if part == "test" or is_held_back(folder + path.name) == (part == "check"):
                with path.open("rb") as file:
                    yield language, folder, read(file)


def flite(part):
    for voice in FLITE["test" if part == "test" else "train"]:
        for index, text in enumerate(SENTENCES):
            if part == "test" or (index % 10 == 9) == (part == "check"):
                path = f"/tmp/flite-{part}.wav"
                subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True, capture_output=True)
                with open(path, "rb") as file:
                    yield "en", "flite " + voice, read(file)


def espeak(part):
    languages, variants = ESPEAK["test" if part == "test" else "train"]
    chance = random.Random(f"espeak {part}")
    for language in languages:
        for variant in variants:
            for _ in range(2 if part == "train" else 1):
                # Numbers: each language has its own words for them.
                text = ", ".join(str(chance.randrange(10 ** chance.randrange(1, 6))) for _ in range(chance.randrange(2, 7)))
                speed, pitch = str(chance.randrange(120, 210)), str(chance.randrange(25, 75))
                voice = f"{language}+{variant}"
                command = ["espeak-ng", "--stdout", "-v", voice, "-s", speed, "-p", pitch, text]
                yield language, "espeak " + voice, synthesised(command)


@functools.cache
def voices(part):
    """{kind: [(language, speaker, samples, activity)]}"""
    found = {}
    for kind, source in (("prompt", prompts), ("flite", flite), ("espeak", espeak)):
        for language, speaker, samples in source(part):
            cut = utterance(samples)
            if cut is not None:
                found.setdefault(kind, []).append((language, speaker, *cut))
    return found
