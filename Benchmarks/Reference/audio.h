// mu-law, energy, and the two filters: 32 taps a phase, 96 in all, Kaiser-windowed at 4 kHz. The loops are written for the
// compiler to vectorise; -march=x86-64-v3 does.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { TAPS = 32, PHASES = 3 };

struct fir { float history[TAPS * PHASES]; };

static float mulaw_table[256], taps[PHASES][TAPS];
static uint8_t mulaw_codes[1 << 14];

static double bessel(double x) {
    double sum = 1, term = 1;
    for (int k = 1; k < 40; k++) sum += term *= x * x / (4.0 * k * k);
    return sum;
}

static void audio_prepare(void) {
    for (int code = 0; code < 256; code++) {
        int bits = ~code & 0xFF, magnitude = (((bits & 15) << 3) + 132) << (bits >> 4 & 7);
        mulaw_table[code] = bits & 0x80 ? 132 - magnitude : magnitude - 132;
    }
    // Nearest code for each 14-bit value.
    for (int value = -8192; value < 8192; value++) {
        int sample = value * 4, sign = sample < 0 ? 0x80 : 0, exponent = 7;
        int magnitude = (sign ? -sample : sample) + 132;
        if (magnitude > 32767) magnitude = 32767;
        for (int mask = 0x4000; exponent > 0 && !(magnitude & mask); mask >>= 1) exponent--;
        mulaw_codes[value & 0x3FFF] = ~(sign | exponent << 4 | (magnitude >> (exponent + 3) & 15));
    }
    const int length = TAPS * PHASES;
    const double beta = 7.86, middle = (length - 1) / 2.0;
    double sum = 0, tap[TAPS * PHASES];
    for (int k = 0; k < length; k++) {
        double t = k - middle, x = t / PHASES, r = t / middle;
        double sinc = fabs(x) < 1e-9 ? 1 : sin(M_PI * x) / (M_PI * x);
        sum += tap[k] = sinc * bessel(beta * sqrt(fmax(0, 1 - r * r))) / bessel(beta);
    }
    for (int k = 0; k < length; k++) taps[k % PHASES][k / PHASES] = tap[k] * PHASES / sum;
}

static void mulaw_decode(const uint8_t *code, float *linear, int count) {
    for (int n = 0; n < count; n++) linear[n] = mulaw_table[code[n]];
}

static void mulaw_encode(const float *linear, uint8_t *code, int count) {
    for (int n = 0; n < count; n++) {
        float sample = linear[n] > 32764 ? 32764 : linear[n] < -32764 ? -32764 : linear[n];
        code[n] = mulaw_codes[(int)(sample * 0.25f) & 0x3FFF];
    }
}

static float energy(const float *linear, int count) {
    float sum = 0;
    for (int n = 0; n < count; n++) sum += linear[n] * linear[n];
    return sum / count;
}

// 160 samples at 8 kHz to 480 at 24 kHz.
static void fir_up(struct fir *fir, const float *restrict in, int16_t *restrict out) {
    float line[TAPS - 1 + 160], sums[PHASES][160];
    memcpy(line, fir->history, sizeof(float) * (TAPS - 1));
    memcpy(line + TAPS - 1, in, sizeof(float) * 160);
    memset(sums, 0, sizeof sums);
    for (int phase = 0; phase < PHASES; phase++)
        for (int k = 0; k < TAPS; k++)
            for (int n = 0; n < 160; n++) sums[phase][n] += taps[phase][k] * line[TAPS - 1 - k + n];
    for (int n = 0; n < 160; n++)
        for (int phase = 0; phase < PHASES; phase++) {
            float sample = sums[phase][n];
            out[3 * n + phase] = sample > 32767 ? 32767 : sample < -32768 ? -32768 : (int16_t)lrintf(sample);
        }
    memcpy(fir->history, line + 160, sizeof(float) * (TAPS - 1));
}

// 480 samples at 24 kHz to 160 at 8 kHz.
static void fir_down(struct fir *fir, const int16_t *restrict in, float *restrict out) {
    // One line of every third sample per phase.
    float line[PHASES][TAPS - 1 + 160], sums[160];
    for (int phase = 0; phase < PHASES; phase++) {
        memcpy(line[phase], fir->history + phase * TAPS, sizeof(float) * (TAPS - 1));
        for (int n = 0; n < 160; n++) line[phase][TAPS - 1 + n] = in[3 * n + phase];
    }
    memset(sums, 0, sizeof sums);
    for (int phase = 0; phase < PHASES; phase++)
        for (int k = 0; k < TAPS; k++)
            for (int n = 0; n < 160; n++) sums[n] += taps[PHASES - 1 - phase][k] * line[phase][TAPS - 1 - k + n];
    for (int n = 0; n < 160; n++) out[n] = sums[n] / PHASES;
    for (int phase = 0; phase < PHASES; phase++)
        memcpy(fir->history + phase * TAPS, line[phase] + 160, sizeof(float) * (TAPS - 1));
}
