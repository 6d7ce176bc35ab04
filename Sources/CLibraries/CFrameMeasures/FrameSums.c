#include "CFrameMeasures.h"
#include "Vectors.h"

// From `from` on, one by one.
static struct frame_sums sums_onwards(const int16_t *frame, size_t from, size_t count, int16_t previous) {
    struct frame_sums sums = {0, 0, 0};
#pragma clang loop vectorize(disable)
    for (size_t n = from; n < count; n++) {
        const int64_t here = frame[n], before = n == 0 ? previous : frame[n - 1];
        sums.sum += here;
        sums.squares += here * here;
        sums.changes += (here - before) * (here - before);
    }
    return sums;
}

#if defined(__x86_64__)

#include <immintrin.h>

// A product of a sample and the one before it lies above -2^31, two of them above -2^32 + 2^17 and at 2^31 at most: plus
// 2^31 - 1 they are unsigned.
static const int64_t bias = 0x7FFFFFFF;

#define SUFFIX sse2
#define TARGET
#define WIDTH 8
#define VECTOR __m128i
#define ZERO _mm_setzero_si128()
#define AND _mm_and_si128
#define OPERATION(name) _mm_##name
#define LOAD(from) _mm_loadu_si128((const __m128i *)(from))
static inline __m128i before_sse2(__m128i first, int16_t previous) {
    return _mm_insert_epi16(_mm_slli_si128(first, 2), previous, 0);
}
#include "FrameSums.inc"
#undef SUFFIX
#undef TARGET
#undef WIDTH
#undef VECTOR
#undef ZERO
#undef AND
#undef OPERATION
#undef LOAD

#define SUFFIX avx2
#define TARGET __attribute__((target("avx2")))
#define WIDTH 16
#define VECTOR __m256i
#define ZERO _mm256_setzero_si256()
#define AND _mm256_and_si256
#define OPERATION(name) _mm256_##name
#define LOAD(from) _mm256_loadu_si256((const __m256i *)(from))
TARGET static inline __m256i before_avx2(__m256i first, int16_t previous) {
    return _mm256_alignr_epi8(first, _mm256_permute2x128_si256(_mm256_set1_epi16(previous), first, 0x20), 14);
}
#include "FrameSums.inc"

#endif

struct frame_sums frame_sums_baseline(const int16_t *frame, size_t count, int16_t previous) {
#if defined(__x86_64__)
    if (count >= 8) return sums_sse2(frame, count, previous);
#endif
    return sums_onwards(frame, 0, count, previous);
}

struct frame_sums frame_sums(const int16_t *frame, size_t count, int16_t previous) {
#if defined(__x86_64__)
    if (count >= 16 && __builtin_cpu_supports("avx2")) return sums_avx2(frame, count, previous);
#endif
    return frame_sums_baseline(frame, count, previous);
}
