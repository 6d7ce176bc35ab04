#include "BandTables.h"
#include "CFrameMeasures.h"

#include <math.h>

struct band_tables band_tables;

static const double rate = 8000, line = 62.5;
static const int samples = frame_measures_past + frame_measures_frame;
static const double centres[8] = {300, 425, 600, 850, 1200, 1700, 2350, 3100};

// Power gain of two band-pass sections of quality 2.2 in a row. Audio EQ Cookbook (R. Bristow-Johnson), band-pass with unit
// gain at the centre.
static double band_gain(double centre, double hertz) {
    const double alpha = sin(2 * M_PI * centre / rate) / (2 * 2.2), turn = 2 * M_PI * hertz / rate;
    // With z on the unit circle both halves can be divided by z: what is left is real and imaginary part.
    const double up = 2 * alpha * sin(turn);
    const double down = 2 * cos(turn) - 2 * cos(2 * M_PI * centre / rate);
    const double gain = up * up / (up * up + down * down);
    return gain * gain;
}

// One where only one window lies, and slopes where two of them overlap: their squares add up to one within 1.5 dB
// everywhere, so nothing that lies between two frames is missed, and what is far from a line does not leak into it as it
// would from steeper ones.
static double window_at(int n) {
    const int overlap = samples - frame_measures_frame, place = n < samples / 2 ? n : samples - 1 - n;
    return place < overlap ? pow(sin(M_PI / 2 * (place + 0.5) / overlap), 1.5) : 1;
}

// Power of the window's own spectrum, `hertz` away from its middle.
static double window_power(double hertz) {
    const double cosine = cos(2 * M_PI * hertz / rate), sine = sin(2 * M_PI * hertz / rate);
    double real = 0, imaginary = 0, turned_real = 1, turned_imaginary = 0;
    for (int n = 0; n < samples; n++) {
        const double weight = n % 2 == 0 ? band_tables.window_even[n / 2] : band_tables.window_odd[n / 2];
        real += weight * turned_real;
        imaginary += weight * turned_imaginary;
        const double next = turned_real * cosine - turned_imaginary * sine;
        turned_imaginary = turned_real * sine + turned_imaginary * cosine;
        turned_real = next;
    }
    return real * real + imaginary * imaginary;
}

// Mean gain of `count` lines from `first` on.
static double gain_of_lines(double centre, int first, int count) {
    double sum = 0;
    for (int k = first; k < first + count; k++) sum += band_gain(centre, k * line);
    return sum / count;
}

__attribute__((constructor)) static void make_tables(void) {
    struct band_tables *tables = &band_tables;
    for (int n = 0; n < 128; n++) {
        tables->window_even[n] = (float)window_at(2 * n);
        tables->window_odd[n] = (float)window_at(2 * n + 1);
    }
    for (int n = 0; n < 64; n++) {
        tables->turn_cos[n / 8][n % 8] = (float)cos(2 * M_PI * (n / 8) * (n % 8) / 64);
        tables->turn_sin[n / 8][n % 8] = (float)-sin(2 * M_PI * (n / 8) * (n % 8) / 64);
    }
    for (int n = 0; n < 32; n++) {
        tables->half_cos[n] = (float)cos(2 * M_PI * (n + 1) / 128);
        tables->half_sin[n] = (float)sin(2 * M_PI * (n + 1) / 128);
    }
    // The pairs and fours that adding neighbours leaves, vector by vector.
    static const int pair[8] = {17, 19, 25, 27, 21, 23, 29, 31};
    static const int four[8] = {60, 52, 44, 36, 56, 48, 40, 32};
    for (int band = 0; band < 8; band++) {
        double gain[64], sum = 0;
        for (int k = 1; k <= 16; k++) gain[k] = gain_of_lines(centres[band], k, 1);
        for (int k = 17; k <= 32; k++) gain[k] = gain_of_lines(centres[band], (k - 1) / 2 * 2 + 1, 2);
        for (int k = 33; k < 64; k++) gain[k] = gain_of_lines(centres[band], k / 4 * 4, 4);
        for (int k = 1; k < 64; k++) sum += gain[k] * window_power(centres[band] - k * line);
        // A sine at the centre, as the window spreads it over the lines, counts once: its power is twice that of the half of
        // it that lies at positive frequencies. The spectrum comes out doubled.
        const double scale = 2 / sum / 4;
        for (int k = 0; k < 16; k++) tables->singles[k][band] = (float)(scale * gain[k + 1]);
        for (int k = 0; k < 8; k++) {
            tables->pairs[k][band] = (float)(scale * gain[pair[k]]);
            tables->fours[k][band] = (float)(scale * gain[four[k] + 1]);
        }
    }
}
