// G.711 in steps of 32 samples, for processors that have AVX2. Swift has no way to compile one function for another processor
// than the rest; that is the only reason why this is C.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Each does whole steps from the start, and returns how many samples that were: a multiple of 32, zero without AVX2.
size_t g711_decode_mulaw(const uint8_t *codes, size_t count, int16_t *samples);
size_t g711_decode_alaw(const uint8_t *codes, size_t count, int16_t *samples);
size_t g711_encode_mulaw(const int16_t *samples, size_t count, uint8_t *codes);
size_t g711_encode_alaw(const int16_t *samples, size_t count, uint8_t *codes);
