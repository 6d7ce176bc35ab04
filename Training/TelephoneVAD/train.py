"""Makes scenes and fits the network to them. Everything follows from the seeds.

  train.py scenes FOLDER            makes training and check scenes (about five minutes of one core)
  train.py fit FOLDER MINUTES       continues for so long; says the check loss after every round
  train.py best FOLDER              the check figures of the weights kept
"""
import json
import pathlib
import sys
import time

import numpy as np

import features
import network
import scenes
from speech import voices

SECONDS, TRAINED, CHECKED, BATCH, ROUNDS = 8, 4000, 320, 64, 60


def make(folder):
    for part, count, seed in (("check", CHECKED, 2), ("train", TRAINED, 1)):
        chance, pool = np.random.default_rng(seed), voices(part)
        bands, truth = [], []
        for index in range(count):
            samples, active = scenes.training(chance, SECONDS, pool)
            bands.append(features.log_bands(samples))
            truth.append(active)
            if index % 400 == 0:
                print(f"train: {part} scene {index} of {count}", flush=True)
        np.savez(folder / f"{part}.npz", bands=np.stack(bands), truth=np.stack(truth))
        utterances = {kind: len(entries) for kind, entries in pool.items()}
        minutes = {kind: round(sum(len(e[2]) for e in entries) / 480_000, 1) for kind, entries in pool.items()}
        print(f"train: {part}: {utterances} utterances, {minutes} minutes, {np.mean(truth):.3f} of the frames speech")


def load(folder, part):
    with np.load(folder / f"{part}.npz") as file:
        return file["bands"], file["truth"].astype(np.float32)


def normaliser(bands):
    return bands.mean((0, 1)), bands.std((0, 1)) + 1e-3


def judged(p, bands, truth, mean, deviation):
    x = ((bands - mean) / deviation).transpose(1, 0, 2)
    logits, _ = network.forward(p, x, np.zeros((len(bands), network.STATE), np.float32))
    value, _ = network.loss(logits, truth.T)
    # Twice the same threshold: the errors of a single one, the first half second of a scene left out.
    said = logits[25:] > 0
    spoken = truth.T[25:] > 0.5
    return value, (said & ~spoken).sum() / (~spoken).sum(), (~said & spoken).sum() / spoken.sum()


def fit(folder, minutes):
    bands, truth = load(folder, "train")
    check = load(folder, "check")
    mean, deviation = normaliser(bands[:400])
    bands = (bands - mean) / deviation
    kept = folder / "fit.npz"
    p, round_done, best = network.initial(7), 0, 9.0
    adam = network.Adam(p)
    if kept.exists():
        with np.load(kept) as file:
            p = {k: file["p." + k] for k in p}
            adam.mean = {k: file["m." + k] for k in p}
            adam.square = {k: file["s." + k] for k in p}
            adam.steps, round_done, best = int(file["steps"]), int(file["round"]), float(file["best"])
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end and round_done < ROUNDS:
        chance = np.random.default_rng([11, round_done])
        order = chance.permutation(len(bands))
        rate = 2e-5 + 0.5 * 3e-3 * (1 + np.cos(np.pi * round_done / ROUNDS))
        h = np.zeros((BATCH, network.STATE), np.float32)
        total = 0.0
        batches = len(order) // BATCH
        for index in range(batches):
            chosen = order[index * BATCH : (index + 1) * BATCH]
            # Half of the scenes follow another one, as in a long call; half begin one.
            h = np.where(chance.random((BATCH, 1)) < 0.5, h, 0).astype(np.float32)
            # A little noise on the bands, and now and then one scene louder or softer as a whole.
            x = bands[chosen].transpose(1, 0, 2) + chance.normal(0, 0.05, (1, BATCH, 1)).astype(np.float32)
            logits, saved = network.forward(p, x, h)
            value, d_logits = network.loss(logits, truth[chosen].T)
            total += float(value)
            adam.apply(p, network.backward(p, saved, d_logits), rate)
            h = saved[2][-1]
        round_done += 1
        value, false, missed = judged(network.rounded(p), *check, mean, deviation)
        line = dict(round=round_done, train=round(total / batches, 4), check=round(float(value), 4),
                    false=round(float(false), 4), missed=round(float(missed), 4))
        print(json.dumps(line), flush=True)
        with (folder / "rounds.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        if value < best:
            best = float(value)
            np.savez(folder / "best.npz", mean=mean, deviation=deviation, round=round_done, **p)
        np.savez(kept, steps=adam.steps, round=round_done, best=best, **{"p." + k: v for k, v in p.items()},
                 **{"m." + k: v for k, v in adam.mean.items()}, **{"s." + k: v for k, v in adam.square.items()})


def main():
    match sys.argv[1:]:
        case ["scenes", folder]:
            make(pathlib.Path(folder))
        case ["fit", folder, minutes]:
            network.check_gradient()
            fit(pathlib.Path(folder), float(minutes))
        case ["best", folder]:
            with np.load(pathlib.Path(folder) / "best.npz") as file:
                p = {k: file[k] for k in network.initial(0)}
                check = load(pathlib.Path(folder), "check")
                print(int(file["round"]), judged(network.rounded(p), *check, file["mean"], file["deviation"]))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
