// One window of audio through the network of Silero VAD, version 5 (and 6, which has the same layers). Vectors of eight floats,
// compiled twice, for processors with AVX2 and FMA and for others, and chosen at the call; C for that reason only. Allocates
// nothing, locks nothing, calls nothing but the square root.
#pragma once

#include <stdint.h>

enum {
    silero_cells = 128,
    // Columns of the spectrogram: one window is as long as the filters and three strides, and a quarter of them is mirrored.
    silero_columns = 4,
    silero_kernel_most = 256,
};

// Weights in the order in which they are used. A matrix of `rows` by `columns` lies as blocks of sixteen rows: for each column
// sixteen numbers, one of each row; rows beyond the last are zeros.
struct silero_network {
    // Samples of a filter: 256 at 16 kHz, 128 at 8 kHz; a window has twice as many, its context a quarter.
    int32_t kernel;
    // kernel / 2 + 1 cosines, then as many sines.
    const float *filters;
    // Columns are tap by tap, and within a tap by the channel: 3 times what goes in.
    const float *conv1, *bias1, *conv2, *bias2, *conv3, *bias3, *conv4, *bias4;
    // 512 rows: input, forget, cell, output gates; columns: 128 of the encoder, then 128 of the state.
    const float *gates, *gate_bias;
    // One row.
    const float *final_row;
    float final_bias;
};

// What is remembered of a call. All zero: nothing heard yet.
struct silero_memory {
    float hidden[silero_cells], cell[silero_cells];
    float context[silero_kernel_most / 4];
};

// - Parameter window: 2 * kernel samples.
// - Returns: 0 ... 1.
float silero_hear(const struct silero_network *network, struct silero_memory *memory, const int16_t *window);
// As on a processor without AVX2 and FMA: for tests.
float silero_hear_baseline(const struct silero_network *network, struct silero_memory *memory, const int16_t *window);
