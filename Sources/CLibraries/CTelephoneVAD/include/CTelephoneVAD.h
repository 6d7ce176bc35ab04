// Says how likely it is that somebody speaks in one frame of telephone audio, 8 kHz: a small recurrent network, trained by
// Training/TelephoneVAD. Arithmetic on vectors of eight, compiled twice, for processors with AVX2 and for others, and chosen
// at the call: both give the same bits. C for that reason only. Allocates nothing, locks nothing, calls nothing.
#pragma once

#include <stdint.h>

enum { telephone_vad_frame = 160, telephone_vad_past = 96, telephone_vad_cells = 64 };

// What is remembered of a call. All zero: nothing heard yet.
struct telephone_vad_memory {
    float cells[telephone_vad_cells];
    int16_t past[telephone_vad_past];
};

struct telephone_vad_answer {
    // 0 ... 1.
    float probability;
    // Of the frame without its mean, in dB relative to 32768 squared, -96 ... 0.
    float decibels;
};

struct telephone_vad_answer telephone_vad_hear(
    struct telephone_vad_memory *memory, const int16_t frame[telephone_vad_frame]);
// As on a processor without AVX2: for tests.
struct telephone_vad_answer telephone_vad_hear_baseline(
    struct telephone_vad_memory *memory, const int16_t frame[telephone_vad_frame]);
