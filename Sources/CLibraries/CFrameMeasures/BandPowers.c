#include "BandTables.h"
#include "CFrameMeasures.h"
#include "Vectors.h"

#include <string.h>

// Eight floats, the last first. No function: one that returns a vector is called differently with and without AVX.
#define MIRRORED(from) \
    __builtin_shufflevector(*(const loose *)(from), *(const loose *)(from), 7, 6, 5, 4, 3, 2, 1, 0)

// Sums of neighbours, as AVX2 has them: two of `x`, two of `y`, two of `x`, two of `y`.
#define NEIGHBOURS(x, y) \
    (__builtin_shufflevector(x, y, 0, 2, 8, 10, 4, 6, 12, 14) + __builtin_shufflevector(x, y, 1, 3, 9, 11, 5, 7, 13, 15))

#define SUFFIX baseline
#include "BandPowers.inc"
#undef SUFFIX

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define SUFFIX avx2
#include "BandPowers.inc"
#undef SUFFIX
#pragma clang attribute pop
#endif

typedef void measure(const int16_t *frame, int16_t *past, float scale, float *powers, float *decibels);

// What a frame lacks is silence.
static inline void measure_whole(
    measure *kernel, const int16_t *frame, size_t count, int16_t *past, float *powers, float *decibels) {
    if (count == frame_measures_frame) return kernel(frame, past, 1, powers, decibels);
    int16_t whole[frame_measures_frame];
    memcpy(whole, frame, count * sizeof *frame);
    memset(whole + count, 0, (frame_measures_frame - count) * sizeof *frame);
    kernel(whole, past, (float)frame_measures_frame / (float)count, powers, decibels);
}

void frame_band_powers_baseline(
    const int16_t *frame, size_t count, int16_t past[frame_measures_past], float powers[frame_measures_bands],
    float decibels[frame_measures_bands]) {
    measure_whole(band_powers_baseline, frame, count, past, powers, decibels);
}

void frame_band_powers(
    const int16_t *frame, size_t count, int16_t past[frame_measures_past], float powers[frame_measures_bands],
    float decibels[frame_measures_bands]) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return measure_whole(band_powers_avx2, frame, count, past, powers, decibels);
#endif
    measure_whole(band_powers_baseline, frame, count, past, powers, decibels);
}
