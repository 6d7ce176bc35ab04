// What is measured of a frame of telephone audio, 8 kHz: arithmetic on vectors of eight, compiled twice, for processors
// with AVX2 and for others, and chosen at the call. Both give the same bits: no sum is fused or reordered. What is called `baseline` is
// what a processor without AVX2 does, for tests. Swift has no way
// to compile one function for another processor than the rest; that is the only reason why this is C.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    // Samples of a whole frame.
    frame_measures_frame = 160,
    // Samples before a frame that its spectrum reaches back to.
    frame_measures_past = 96,
    frame_measures_bands = 8,
    // Lags compared, in frames, and frames of the far end's history.
    frame_measures_lags = 48,
    frame_measures_history = 64,
};

// Of one frame, exact: its samples, their squares, and the squares of their changes from one to the next, the first against
// `previous`. Any number of samples up to 2^15.
struct frame_sums {
    int64_t sum, squares, changes;
};
struct frame_sums frame_sums(const int16_t *frame, size_t count, int16_t previous);
struct frame_sums frame_sums_baseline(const int16_t *frame, size_t count, int16_t previous);

// Mean power per sample of one frame in eight bands of half an octave, centres 300, 425, 600, 850, 1,200, 1,700, 2,350 and
// 3,100 Hz, unit gain at the centre; 1 is one step of 16 bits squared. And the same in dB relative to 32768 squared, -90 at
// least, within 0.05 dB.
//
// frame: `count` samples, 160 at most; fewer are followed by silence, and the mean is over `count`, which is at least 1.
// past: the 96 samples before, replaced by the newest of the frame.
void frame_band_powers(
    const int16_t *frame, size_t count, int16_t past[frame_measures_past], float powers[frame_measures_bands],
    float decibels[frame_measures_bands]);

void frame_band_powers_baseline(
    const int16_t *frame, size_t count, int16_t past[frame_measures_past], float powers[frame_measures_bands],
    float decibels[frame_measures_bands]);

// How alike the near end's change is to the far end's at each lag: fades every score by `memory` and adds the product of the
// changes, summed over the bands.
//
// far: 8 x 128 changes, band by band, newest first from `newest` on; 64 of them, then the same again.
// Returns the lag with the highest score above zero, else 0; of equal ones the first.
int frame_lag_scores(
    float scores[frame_measures_lags], const float far[frame_measures_bands * 2 * frame_measures_history], int newest,
    const float change[frame_measures_bands], float memory);
int frame_lag_scores_baseline(
    float scores[frame_measures_lags], const float far[frame_measures_bands * 2 * frame_measures_history], int newest,
    const float change[frame_measures_bands], float memory);
