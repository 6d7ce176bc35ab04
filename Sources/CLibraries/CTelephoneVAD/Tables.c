#include "Tables.h"

#include <math.h>

struct telephone_tables telephone_tables;

// Training/TelephoneVAD/features.py has the same.
const unsigned char telephone_band_edges[41] = {
    3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18,  19,  20,  22,  24, 26,
    28, 30, 33, 36, 39, 42, 46, 50, 54, 59, 64, 69, 75, 81, 88, 95, 102, 109, 116, 124,
};

__attribute__((constructor)) static void make_tables(void) {
    struct telephone_tables *tables = &telephone_tables;
    for (int n = 0; n < 128; n++) {
        tables->window_even[n] = (float)(0.5 - 0.5 * cos(2 * M_PI * (2 * n) / 256));
        tables->window_odd[n] = (float)(0.5 - 0.5 * cos(2 * M_PI * (2 * n + 1) / 256));
        tables->half_cos[n] = (float)cos(2 * M_PI * n / 256);
        tables->half_sin[n] = (float)-sin(2 * M_PI * n / 256);
    }
    for (int n = 0; n < 64; n++) {
        tables->turn_cos[n] = (float)cos(2 * M_PI * n / 128);
        tables->turn_sin[n] = (float)-sin(2 * M_PI * n / 128);
    }
    for (int band = 0; band < 40; band++) {
        tables->band_share[band] = 1.0f / (float)(telephone_band_edges[band + 1] - telephone_band_edges[band]);
    }
}
