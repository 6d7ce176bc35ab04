"""What the network is given of a frame: the logarithm of the power in 40 bands.

The same in C: Sources/CLibraries/CTelephoneVAD. A window of 256 samples that ends with the frame (a Hann window), lines
31.25 Hz apart; bands of one line up to 625 Hz, where a voice's harmonics stand apart, and wider ones above.
"""
import numpy as np

from speech import FRAME

WINDOW, LINES = 256, 129
BANDS = 40
# First line of each band; the last one ends before line 124 (3,875 Hz).
EDGES = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 24, 26, 28, 30, 33, 36, 39, 42, 46, 50, 54, 59,
         64, 69, 75, 81, 88, 95, 102, 109, 116, 124]
SHAPE = np.hanning(WINDOW + 1)[:WINDOW].astype(np.float32)
# Added to a band's mean power (samples of 16 bits): what mu-law leaves of silence is no signal.
QUIET = 1000.0


def log_bands(samples):
    """int16 samples, whole frames, nothing before them: [frames, BANDS], float32."""
    padded = np.concatenate([np.zeros(WINDOW - FRAME, np.float32), samples.astype(np.float32)])
    count = len(samples) // FRAME
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::FRAME][:count]
    power = np.abs(np.fft.rfft(windows * SHAPE, axis=1)) ** 2
    sums = np.add.reduceat(power[:, : EDGES[-1]], EDGES[:-1], axis=1)
    return np.log2(sums / np.diff(EDGES) + QUIET).astype(np.float32)
