#include "CSileroVAD.h"

#include <math.h>
#include <string.h>

typedef float lanes __attribute__((vector_size(32)));
typedef float loose __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t integers __attribute__((vector_size(32)));

#define NAMED_(name, suffix) name##_##suffix
#define NAMED__(name, suffix) NAMED_(name, suffix)
#define NAMED(name) NAMED__(name, SUFFIX)

#define SUFFIX baseline
#include "Network.inc"
#undef SUFFIX

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define SUFFIX avx2
#include "Network.inc"
#undef SUFFIX
#pragma clang attribute pop
#endif

float silero_hear_baseline(const struct silero_network *network, struct silero_memory *memory, const int16_t *window) {
    return hear_baseline(network, memory, window);
}

float silero_hear(const struct silero_network *network, struct silero_memory *memory, const int16_t *window) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return hear_avx2(network, memory, window);
#endif
    return hear_baseline(network, memory, window);
}
