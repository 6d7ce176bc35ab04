"""Compares detectors on languages, voices and noises that training never heard.

  evaluate.py scenes FOLDER            writes calls of a minute: FOLDER/NAME.pcm (16 bits, 8 kHz) and NAME.truth
  (then a program of the repository hears them: Benchmarks, product HeardScenes)
  evaluate.py table FOLDER             reads NAME.DETECTOR.heard and prints the tables, as Markdown
"""
import collections
import pathlib
import sys
import wave

import numpy as np

import noises
import scenes
from speech import BLOCK, RATE, voices

SECONDS, CALLS = 60, 4
MUSIC = pathlib.Path("/usr/share/asterisk/moh")
SPEECH = {
    "Italian, man": lambda v: {"prompt": [e for e in v["prompt"] if e[0] == "it"]},
    "Russian, woman": lambda v: {"prompt": [e for e in v["prompt"] if e[0] == "ru"]},
    "English, synthesised": lambda v: {"flite": v["flite"]},
    "7 languages, synthesised": lambda v: {"espeak": v["espeak"]},
}
# Noise, dB below the active speech.
BESIDE = {
    "quiet line": ("white", 45), "street 15 dB": ("street", 15), "street 5 dB": ("street", 5),
    "engine 10 dB": ("engine", 10), "typing 10 dB": ("typing", 10), "siren 10 dB": ("siren", 10),
    "hold music 15 dB": ("hold", 15), "hold music 5 dB": ("hold", 5), "crowd 15 dB": ("crowd", 15),
    "echo 25 dB": ("echo", 25),
}
# Nobody speaks: dB of full scale.
ALONE = {
    "nothing": ("white", -70), "street -30 dB": ("street", -30), "engine -30 dB": ("engine", -30),
    "typing -30 dB": ("typing", -30), "siren -25 dB": ("siren", -25), "hold music -20 dB": ("hold", -20),
    "crowd -40 dB": ("crowd", -40), "echo -48 dB": ("echo", -48),
}


def hold(chance, count):
    """Recorded hold music (Debian's asterisk-moh-opsound-wav), which training never heard: it made its own."""
    path = chance.choice(sorted(MUSIC.glob("*.wav")))
    with wave.open(str(path)) as file:
        first = chance.integers(0, file.getnframes() - count)
        file.setpos(int(first))
        return noises.unit(np.frombuffer(file.readframes(count), "<i2").astype(float))


def noise(name, chance, count, pool):
    match name:
        case "hold":
            return hold(chance, count)
        case "crowd":
            return scenes.babble(chance, pool, count)
        case "echo":
            # At -20 dB active level, as speech is; the rest of it is pauses.
            return scenes.echo(chance, pool, count)
        case "white":
            return noises.white(chance, count)
    return noises.UNSEEN[name](chance, count)


def make(folder):
    chance, pool, count = np.random.default_rng(5), voices("test"), SECONDS * RATE
    folder.mkdir(parents=True, exist_ok=True)

    def write(name, samples, active):
        scenes.mulaw(samples).tofile(folder / f"{name}.pcm")
        scenes.frames_active(active).astype(np.uint8).tofile(folder / f"{name}.truth")

    for who, choose in SPEECH.items():
        for what, (kind, below) in BESIDE.items():
            for call in range(CALLS):
                level = (-16, -20, -26, -32)[call]
                said, active = scenes.talk(chance, choose(pool), count, 1.2)
                samples = scenes.band(chance, said) * scenes.decibels(level + 20)
                samples += noises.white(chance, count) * scenes.decibels(-72)
                samples += noise(kind, chance, count, pool) * scenes.decibels(level - below)
                write(f"{who}@{what}@{call}", samples, active)
    silent = np.zeros(count // BLOCK, bool)
    for what, (kind, level) in ALONE.items():
        for call in range(CALLS):
            samples = noise(kind, chance, count, pool) * scenes.decibels(level)
            write(f"nobody@{what}@{call}", samples + noises.white(chance, count) * scenes.decibels(-72), silent)


def area(probability, truth):
    """Under the curve of hits over false alarms: how often speech has the higher probability than silence."""
    order = np.argsort(probability, kind="stable")
    ranks = np.empty(len(order))
    values, first, counts = np.unique(probability[order], return_index=True, return_counts=True)
    ranks[order] = np.repeat(first + (counts + 1) / 2, counts)
    spoken = truth.sum()
    return (ranks[truth].sum() - spoken * (spoken + 1) / 2) / (spoken * (len(truth) - spoken))


def runs(flags):
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return edges.reshape(-1, 2)


def delays(decision, truth):
    """Frames from the start of each utterance (after 300 ms of silence or more) to its first frame called speech; None
    when there is none within half a second, and nothing said of those already called speech before."""
    found = []
    for start, _ in runs(truth):
        if start < 15 or truth[start - 15 : start].any() or decision[start - 1]:
            continue
        heard = np.flatnonzero(decision[start : start + 25])
        found.append(heard[0] if len(heard) else None)
    return found


class Score:
    def __init__(self):
        self.probability, self.decision, self.truth, self.sustained, self.waits, self.minutes = [], [], [], 0, [], 0.0

    def add(self, heard, truth):
        self.probability.append(heard[:, 0])
        self.decision.append(heard[:, 1] > 0)
        self.truth.append(truth)
        # Sustained speech of the segmenter, all of it where nobody speaks.
        for start, end in runs(heard[:, 2] > 0):
            self.sustained += not truth[max(0, start - 25) : end].any()
        self.waits += delays(heard[:, 1] > 0, truth)
        self.minutes += len(truth) / 3000

    def figures(self):
        truth, decision = np.concatenate(self.truth), np.concatenate(self.decision)
        if not truth.any():
            return [f"{100 * decision.mean():.1f}", f"{self.sustained / self.minutes:.1f}"]
        waits = [w * 20 for w in self.waits if w is not None]
        return [
            f"{area(np.concatenate(self.probability), truth):.3f}",
            f"{100 * (~decision & truth).sum() / truth.sum():.1f}",
            f"{100 * (decision & ~truth).sum() / (~truth).sum():.1f}",
            f"{np.median(waits):.0f}" if waits else "-",
            f"{np.percentile(waits, 95):.0f}" if waits else "-",
            f"{sum(w is None for w in self.waits)} of {len(self.waits)}",
            f"{self.sustained / self.minutes:.1f}",
        ]


def table(folder):
    scores = {group: collections.defaultdict(Score) for group in ("all", "language", "noise", "alone")}
    detectors = []
    for path in sorted(folder.glob("*.heard")):
        name, detector, _ = path.name.rsplit(".", 2)
        who, what, _ = name.split("@")
        detectors += [detector] if detector not in detectors else []
        truth = np.fromfile(folder / f"{name}.truth", np.uint8) > 0
        heard = np.fromfile(path, np.float32).reshape(-1, 3)
        if who == "nobody":
            scores["alone"][what, detector].add(heard, truth)
        else:
            for group, key in (("all", "all of it"), ("language", who), ("noise", what)):
                scores[group][key, detector].add(heard, truth)
    head = "| | detector | ROC area | missed % | false % | onset ms, median | 95 % | not heard in 0.5 s | false speech a minute |"
    for group, order in (("all", ["all of it"]), ("language", list(SPEECH)), ("noise", list(BESIDE))):
        print(head + "\n|---|---|---|---|---|---|---|---|---|")
        for key in order:
            for detector in detectors:
                print(f"| {key} | {detector} | " + " | ".join(scores[group][key, detector].figures()) + " |")
        print()
    print("| nobody speaks | detector | false % | false speech a minute |\n|---|---|---|---|")
    for key in ALONE:
        for detector in detectors:
            print(f"| {key} | {detector} | " + " | ".join(scores["alone"][key, detector].figures()) + " |")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["scenes", folder]:
            make(pathlib.Path(folder))
        case ["table", folder]:
            table(pathlib.Path(folder))
        case _:
            sys.exit(__doc__)
