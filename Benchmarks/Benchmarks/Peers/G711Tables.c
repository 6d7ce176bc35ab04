#include "Peers.h"

static int16_t mulaw_samples[256], alaw_samples[256];
static uint8_t mulaw_codes[65536], alaw_codes[65536];

// ITU-T G.711, tables 1 and 2, shifted to 16 bits.
static int16_t mulaw_sample(uint8_t code) {
    const int bits = ~code & 0xFF, magnitude = ((((bits & 15) << 3) + 132) << (bits >> 4 & 7)) - 132;
    return (int16_t)(bits & 0x80 ? -magnitude : magnitude);
}

static int16_t alaw_sample(uint8_t code) {
    const int bits = code ^ 0x55, segment = bits >> 4 & 7, step = (bits & 15) << 4;
    const int magnitude = segment == 0 ? step + 8 : (step + 264) << (segment - 1);
    return (int16_t)(bits & 0x80 ? magnitude : -magnitude);
}

static uint8_t mulaw_code(int sample) {
    int magnitude = sample < 0 ? -sample : sample, segment = 7;
    if (magnitude > 32635) magnitude = 32635;
    magnitude += 132;
    while (segment > 0 && magnitude < 128 << segment) segment--;
    return (uint8_t)~((sample < 0 ? 0x80 : 0) | segment << 4 | (magnitude >> (segment + 3) & 15));
}

static uint8_t alaw_code(int sample) {
    const int magnitude = sample < 0 ? ~sample : sample;
    int segment = 7;
    while (segment > 0 && magnitude < 128 << segment) segment--;
    const int step = magnitude >> (segment == 0 ? 4 : segment + 3) & 15;
    return (uint8_t)((segment << 4 | step) ^ (sample < 0 ? 0x55 : 0xD5));
}

__attribute__((constructor)) static void make_tables(void) {
    for (int code = 0; code < 256; code++) {
        mulaw_samples[code] = mulaw_sample((uint8_t)code);
        alaw_samples[code] = alaw_sample((uint8_t)code);
    }
    for (int sample = -32768; sample < 32768; sample++) {
        mulaw_codes[sample + 32768] = mulaw_code(sample);
        alaw_codes[sample + 32768] = alaw_code(sample);
    }
}

void peer_mulaw_decode(const uint8_t *codes, size_t count, int16_t *samples) {
    for (size_t n = 0; n < count; n++) samples[n] = mulaw_samples[codes[n]];
}

void peer_mulaw_encode(const int16_t *samples, size_t count, uint8_t *codes) {
    for (size_t n = 0; n < count; n++) codes[n] = mulaw_codes[samples[n] + 32768];
}

void peer_alaw_decode(const uint8_t *codes, size_t count, int16_t *samples) {
    for (size_t n = 0; n < count; n++) samples[n] = alaw_samples[codes[n]];
}

void peer_alaw_encode(const int16_t *samples, size_t count, uint8_t *codes) {
    for (size_t n = 0; n < count; n++) codes[n] = alaw_codes[samples[n] + 32768];
}
