#include "CTelephoneVAD.h"
#include "Tables.h"
#include "Weights.h"

#include <string.h>

// The same bits on every processor.
#pragma STDC FP_CONTRACT OFF

typedef float lanes __attribute__((vector_size(32)));
typedef float loose __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t integers __attribute__((vector_size(32)));
typedef int8_t bytes __attribute__((vector_size(8), aligned(1), may_alias));

#define NAMED_(name, suffix) name##_##suffix
#define NAMED__(name, suffix) NAMED_(name, suffix)
#define NAMED(name) NAMED__(name, SUFFIX)

#define SUFFIX baseline
#include "Network.inc"
#undef SUFFIX

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define SUFFIX avx2
#include "Network.inc"
#undef SUFFIX
#pragma clang attribute pop
#endif

struct telephone_vad_answer telephone_vad_hear_baseline(
    struct telephone_vad_memory *memory, const int16_t frame[telephone_vad_frame]) {
    struct telephone_vad_answer answer;
    hear_baseline(memory, frame, &answer);
    return answer;
}

struct telephone_vad_answer telephone_vad_hear(
    struct telephone_vad_memory *memory, const int16_t frame[telephone_vad_frame]) {
    struct telephone_vad_answer answer;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        hear_avx2(memory, frame, &answer);
        return answer;
    }
#endif
    hear_baseline(memory, frame, &answer);
    return answer;
}
