#pragma once

#include <stdint.h>

// Of the network: log bands -> inner layer -> gated cells -> head -> one number.
enum { bands = 40, inner = 48, cells = 64, head = 24 };

// A matrix in 8 bits, in blocks of 48 rows (24 for the head): within a block column by column, a byte for each of its rows.
// A row counts `scale` times its bytes.
extern const int8_t input_rows[inner * bands], gates_rows[3 * cells * inner], state_rows[3 * cells * cells],
    head_rows[head * cells];
extern const float input_scale[inner], gates_scale[3 * cells], state_scale[3 * cells], head_scale[head];
extern const float input_bias[inner], gates_bias[3 * cells], state_bias[cells], head_bias[head];
extern const float output_row[head], output_bias;
// What is taken from each band's logarithm, and what the rest is multiplied by.
extern const float band_mean[bands], band_scale[bands];
