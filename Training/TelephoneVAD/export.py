"""Writes the weights as C, and golden answers for the unit tests.

  export.py FOLDER        into Sources/CLibraries/CTelephoneVAD/Weights.c and Tests/Stages/TelephoneVADTests/Golden
"""
import pathlib
import sys

import numpy as np

import features
import network

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "Sources/CLibraries/CTelephoneVAD/Weights.c"
GOLDEN = ROOT / "Tests/Stages/TelephoneVADTests/Golden/probabilities.txt"
HEADER = """// Written by Training/TelephoneVAD/export.py: not for editing. Training/TelephoneVAD/RECORD.md says how these numbers came
// to be, and under which licence they are.
#include "Weights.h"
"""


def load(folder):
    """Weights as they are shipped, mean and deviation of the bands."""
    with np.load(folder / "best.npz") as file:
        return {k: file[k] for k in network.initial(0)}, file["mean"], file["deviation"]


def wrapped(numbers):
    lines, line = [], "   "
    for number in numbers:
        if len(line) + len(number) + 2 > 120:
            lines.append(line)
            line = "   "
        line += " " + number + ","
    return "\n".join([*lines, line])


def floats(name, size, values):
    return f"const float {name}[{size}] = {{\n{wrapped([float(v).hex() + 'f' for v in np.float32(values)])}\n}};\n"


def matrix(name, size, value, block):
    scale = (np.maximum(np.abs(value).max(1, keepdims=True), 1e-9) / np.float32(127)).astype(np.float32)
    rows = np.clip(np.round(value / scale), -127, 127).astype(int)
    ordered = rows.reshape(-1, block, rows.shape[1]).transpose(0, 2, 1).reshape(-1)
    return f"const int8_t {name}_rows[{size}] = {{\n{wrapped([str(v) for v in ordered])}\n}};\n" + floats(
        name + "_scale", len(rows), scale[:, 0])


def weights(p, mean, deviation):
    text = [HEADER]
    for name, size, block in (("input", "inner * bands", 48), ("gates", "3 * cells * inner", 48),
                              ("state", "3 * cells * cells", 48), ("head", "head * cells", 24)):
        text.append(matrix(name, size, p[name], block))
        text.append(floats(name + "_bias", len(p[name + "_bias"]), p[name + "_bias"]))
    output = network.rounded(p)["output"][0]
    text.append(floats("output_row", "head", output))
    text.append(f"const float output_bias = {float(np.float32(p['output_bias'][0])).hex()}f;\n")
    text.append(floats("band_mean", "bands", mean))
    text.append(floats("band_scale", "bands", 1 / np.float32(deviation)))
    return "\n".join(text)


def signal(frames):
    """Whole numbers that any language makes alike: noise and a buzz that come and go, at several levels, and silence."""
    state, samples = 1, []
    for n in range(frames * 160):
        state = (state * 1664525 + 1013904223) % 2**32
        noise = (state >> 16) - 32768
        part = n // 4000 % 8
        buzz = (n * (90 + 7 * (n // 1000 % 9)) % 8000 - 4000) * 2
        loud = [0, 1, 6, 40, 3, 100, 12, 25][part]
        mixed = buzz * loud // 100 + noise * [1, 8, 2, 1, 40, 3, 0, 16][part] // 200
        samples.append(max(-32768, min(32767, mixed)))
    return np.array(samples, np.int16)


def answers(p, mean, deviation, samples):
    x = ((features.log_bands(samples) - mean) / deviation)[:, None]
    p = {k: v.astype(float) for k, v in network.rounded(p).items()}
    logits, _ = network.forward(p, x.astype(float), np.zeros((1, network.STATE)))
    return network.sigmoid(logits[:, 0])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    p, mean, deviation = load(pathlib.Path(sys.argv[1]))
    WEIGHTS.write_text(weights(p, mean, deviation))
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text("".join(f"{a:.5f}\n" for a in answers(p, mean, deviation, signal(1500))))
    stored = sum(v.size * (1 if v.ndim == 2 else 4) for v in p.values()) + 4 * 2 * features.BANDS
    print(f"export: {stored} bytes of weights, {WEIGHTS.stat().st_size} as text")


if __name__ == "__main__":
    main()
