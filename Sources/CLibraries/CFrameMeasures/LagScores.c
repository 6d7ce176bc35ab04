#include "CFrameMeasures.h"
#include "Vectors.h"

#define SUFFIX baseline
#include "LagScores.inc"
#undef SUFFIX

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define SUFFIX avx2
#include "LagScores.inc"
#undef SUFFIX
#pragma clang attribute pop
#endif

int frame_lag_scores(
    float scores[frame_measures_lags], const float far[frame_measures_bands * 2 * frame_measures_history], int newest,
    const float change[frame_measures_bands], float memory) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return lag_scores_avx2(scores, far + newest, change, memory);
#endif
    return lag_scores_baseline(scores, far + newest, change, memory);
}

int frame_lag_scores_baseline(
    float scores[frame_measures_lags], const float far[frame_measures_bands * 2 * frame_measures_history], int newest,
    const float change[frame_measures_bands], float memory) {
    return lag_scores_baseline(scores, far + newest, change, memory);
}
