// What the stages are measured against: the usual way of doing the same in C.
#pragma once

#include <stddef.h>
#include <stdint.h>

// G.711 by tables, as ffmpeg and sox do it: 256 entries one way, 65,536 the other.
void peer_mulaw_decode(const uint8_t *codes, size_t count, int16_t *samples);
void peer_mulaw_encode(const int16_t *samples, size_t count, uint8_t *codes);
void peer_alaw_decode(const uint8_t *codes, size_t count, int16_t *samples);
void peer_alaw_encode(const int16_t *samples, size_t count, uint8_t *codes);

// libsamplerate's streaming converter from and to 16 bits, one channel. `quality` as in samplerate.h: 0 best, 1 medium,
// 2 fastest. NULL when the library refuses. At most 960 samples at a time.
struct peer_resampler;
struct peer_resampler *peer_resampler_new(int quality, double ratio);
size_t peer_resampler_process(
    struct peer_resampler *resampler, const int16_t *input, size_t count, int16_t *output, size_t room);
void peer_resampler_free(struct peer_resampler *resampler);
