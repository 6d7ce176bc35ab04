#include "CFrameMeasures.h"

// From `from` on, one by one.
static struct frame_sums sums_onwards(const int16_t *frame, size_t from, size_t count, int16_t previous) {
    struct frame_sums sums = {0, 0, 0};
    for (size_t n = from; n < count; n++) {
        const int64_t here = frame[n], before = n == 0 ? previous : frame[n - 1];
        sums.sum += here;
        sums.squares += here * here;
        sums.changes += (here - before) * (here - before);
    }
    return sums;
}

struct frame_sums frame_sums_baseline(const int16_t *frame, size_t count, int16_t previous) {
    return sums_onwards(frame, 0, count, previous);
}

#if defined(__x86_64__)

#include <immintrin.h>

// Adds eight unsigned numbers to four sums.
__attribute__((target("avx2"))) static inline __m256i widened(__m256i sums, __m256i numbers) {
    const __m256i low = _mm256_and_si256(numbers, _mm256_set1_epi64x(0xFFFFFFFF));
    return _mm256_add_epi64(sums, _mm256_add_epi64(low, _mm256_srli_epi64(numbers, 32)));
}

__attribute__((target("avx2"))) static inline int64_t total64(__m256i sums) {
    const __m128i two = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    return _mm_cvtsi128_si64(two) + _mm_extract_epi64(two, 1);
}

struct vectors {
    __m256i sum, squares, products;
};

// A product of a sample and the one before it lies above -2^31, two of them above -2^32 + 2^17 and at 2^31 at most: plus
// 2^31 - 1 they are unsigned.
static const int64_t bias = 0x7FFFFFFF;

__attribute__((target("avx2"))) static inline void add(struct vectors *sums, __m256i here, __m256i before) {
    sums->sum = _mm256_add_epi32(sums->sum, _mm256_madd_epi16(here, _mm256_set1_epi16(1)));
    sums->squares = widened(sums->squares, _mm256_madd_epi16(here, here));
    const __m256i products = _mm256_madd_epi16(here, before);
    sums->products = widened(sums->products, _mm256_add_epi32(products, _mm256_set1_epi32((int)bias)));
}

// Sixteen at a time, at least as many.
__attribute__((target("avx2"))) static struct frame_sums sums_avx2(const int16_t *frame, size_t count, int16_t previous) {
    struct vectors sums = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    const __m256i first = _mm256_loadu_si256((const __m256i *)frame);
    const __m256i behind = _mm256_permute2x128_si256(_mm256_set1_epi16(previous), first, 0x20);
    add(&sums, first, _mm256_alignr_epi8(first, behind, 14));
    size_t n = 16;
#pragma clang loop unroll_count(3)
    for (; n + 16 <= count; n += 16) {
        add(&sums, _mm256_loadu_si256((const __m256i *)(frame + n)), _mm256_loadu_si256((const __m256i *)(frame + n - 1)));
    }
    const __m256i wide = _mm256_add_epi64(
        _mm256_cvtepi32_epi64(_mm256_castsi256_si128(sums.sum)),
        _mm256_cvtepi32_epi64(_mm256_extracti128_si256(sums.sum, 1)));
    // The squares of the samples before are those of the samples, but for both ends.
    const int64_t squares = total64(sums.squares), products = total64(sums.products) - (int64_t)n / 2 * bias;
    const int64_t front = previous, back = frame[n - 1];
    struct frame_sums result = {total64(wide), squares, 2 * (squares - products) + front * front - back * back};
    if (n < count) {
        const struct frame_sums rest = sums_onwards(frame, n, count, previous);
        result.sum += rest.sum;
        result.squares += rest.squares;
        result.changes += rest.changes;
    }
    return result;
}

#endif

struct frame_sums frame_sums(const int16_t *frame, size_t count, int16_t previous) {
#if defined(__x86_64__)
    if (count >= 16 && __builtin_cpu_supports("avx2")) return sums_avx2(frame, count, previous);
#endif
    return frame_sums_baseline(frame, count, previous);
}
