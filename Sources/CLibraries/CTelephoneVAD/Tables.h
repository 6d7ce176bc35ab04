#pragma once

// Made once before `main`, only read afterwards.
struct telephone_tables {
    // A Hann window over 256 samples: even ones and odd ones.
    float window_even[128], window_odd[128];
    // exp(-2 pi i k / 128) and exp(-2 pi i k / 256).
    float turn_cos[64], turn_sin[64], half_cos[128], half_sin[128];
    // One over the number of lines of each band.
    float band_share[40];
};
extern struct telephone_tables telephone_tables;
// The first line of each band, 31.25 Hz apart, and the line after the last.
extern const unsigned char telephone_band_edges[41];
