// The inner loops of a polyphase FIR filter on 16-bit samples, for processors with AVX2 and for others. Integers throughout:
// the same samples on every processor, wherever a block begins. Swift has no way to compile one function for another
// processor than the rest; that is the only reason why this is C. What is called `baseline` is what a processor without AVX2
// does, for tests.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    // Groups are computed so many at a time: planes are readable, and results writable, up to the next multiple.
    polyphase_step = 16,
};

// Two taps on neighbouring samples of a plane: where the first reads for group 0, and both coefficients.
struct polyphase_pair {
    int32_t offset;
    int16_t first, second;
};

// One output phase. The sum of the products is divided by 2^shift, rounded and saturated to 16 bits.
struct polyphase_phase {
    const struct polyphase_pair *pairs;
    int32_t count;
    // 1 ... 15; the sum of the coefficients' magnitudes is at most 65,535, so that no sum of products leaves 32 bits.
    int32_t shift;
};

// results[g] for `groups` groups.
void polyphase_filter(const int16_t *planes, const struct polyphase_phase *phase, size_t groups, int16_t *results);
void polyphase_filter_baseline(const int16_t *planes, const struct polyphase_phase *phase, size_t groups, int16_t *results);

// Sample `step * g + r` to plane r, place g, planes `stride` apart: `groups` whole groups.
void polyphase_spread(const int16_t *samples, size_t step, size_t groups, int16_t *planes, size_t stride);
void polyphase_spread_baseline(const int16_t *samples, size_t step, size_t groups, int16_t *planes, size_t stride);

// And back.
void polyphase_gather(const int16_t *planes, size_t stride, size_t step, size_t groups, int16_t *samples);
void polyphase_gather_baseline(const int16_t *planes, size_t stride, size_t step, size_t groups, int16_t *samples);
