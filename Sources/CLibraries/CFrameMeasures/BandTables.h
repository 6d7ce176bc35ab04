#pragma once

// Coefficients of the band powers, made once before `main`, only read afterwards.
struct band_tables {
    // The window over 256 samples, even ones and odd ones.
    float window_even[128], window_odd[128];
    // exp(-2 pi i row column / 64), and exp(-2 pi i (n + 1) / 128).
    float turn_cos[8][8], turn_sin[8][8];
    float half_cos[32], half_sin[32];
    // What lines 1 ... 16 of the spectrum, of 62.5 Hz, give to each band; then lines 17 ... 32 in pairs, and 63 ... 33 in
    // fours, both in the order in which `frame_band_powers` adds them up.
    float singles[16][8], pairs[8][8], fours[8][8];
};

extern struct band_tables band_tables;
