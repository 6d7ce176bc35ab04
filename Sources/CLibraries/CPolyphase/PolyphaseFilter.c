#include "CPolyphase.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

static inline int32_t both_coefficients(const struct polyphase_pair *pair) {
    int32_t both;
    memcpy(&both, &pair->first, sizeof both);
    return both;
}

// A product of pairs gives every other group, so there are two sums for each eight.
void polyphase_filter_baseline(const int16_t *planes, const struct polyphase_phase *phase, size_t groups, int16_t *results) {
    const __m128i shift = _mm_cvtsi32_si128(phase->shift);
    for (size_t start = 0; start < groups; start += polyphase_step) {
        __m128i even[2], odd[2];
        for (int b = 0; b < 2; b++) even[b] = odd[b] = _mm_set1_epi32(1 << (phase->shift - 1));
        for (int32_t tap = 0; tap < phase->count; tap++) {
            const __m128i coefficients = _mm_set1_epi32(both_coefficients(phase->pairs + tap));
            const int16_t *source = planes + phase->pairs[tap].offset + start;
            for (int b = 0; b < 2; b++) {
                const __m128i first = _mm_loadu_si128((const __m128i *)(source + 8 * b));
                const __m128i second = _mm_loadu_si128((const __m128i *)(source + 8 * b + 1));
                even[b] = _mm_add_epi32(even[b], _mm_madd_epi16(first, coefficients));
                odd[b] = _mm_add_epi32(odd[b], _mm_madd_epi16(second, coefficients));
            }
        }
        for (int b = 0; b < 2; b++) {
            const __m128i both = _mm_packs_epi32(_mm_sra_epi32(even[b], shift), _mm_sra_epi32(odd[b], shift));
            _mm_storeu_si128(
                (__m128i *)(results + start + 8 * b), _mm_unpacklo_epi16(both, _mm_unpackhi_epi64(both, both)));
        }
    }
}

#define AVX2 __attribute__((target("avx2")))

// `blocks` times sixteen groups. A product of pairs gives every other group, so there are two sums for each block.
AVX2 __attribute__((always_inline)) static inline void filter_blocks(
    const int16_t *planes, const struct polyphase_phase *phase, int blocks, int16_t *results) {
    __m256i even[5], odd[5];
    for (int b = 0; b < blocks; b++) even[b] = odd[b] = _mm256_set1_epi32(1 << (phase->shift - 1));
    const struct polyphase_pair *pair = phase->pairs, *end = pair + phase->count;
    for (; pair < end; pair++) {
        const __m256i coefficients = _mm256_set1_epi32(both_coefficients(pair));
        const int16_t *source = planes + pair->offset;
#pragma clang loop unroll(full)
        for (int b = 0; b < blocks; b++) {
            const __m256i first = _mm256_loadu_si256((const __m256i *)(source + 16 * b));
            const __m256i second = _mm256_loadu_si256((const __m256i *)(source + 16 * b + 1));
            even[b] = _mm256_add_epi32(even[b], _mm256_madd_epi16(first, coefficients));
            odd[b] = _mm256_add_epi32(odd[b], _mm256_madd_epi16(second, coefficients));
        }
    }
    const __m128i shift = _mm_cvtsi32_si128(phase->shift);
    const __m256i in_turn = _mm256_setr_epi8(
        0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    for (int b = 0; b < blocks; b++) {
        const __m256i both = _mm256_packs_epi32(_mm256_sra_epi32(even[b], shift), _mm256_sra_epi32(odd[b], shift));
        _mm256_storeu_si256((__m256i *)(results + 16 * b), _mm256_shuffle_epi8(both, in_turn));
    }
}

AVX2 static void filter_avx2(
    const int16_t *planes, const struct polyphase_phase *phase, size_t groups, int16_t *results) {
    size_t start = 0;
    // Five blocks take ten of sixteen registers, and 160 groups are twice as many.
    for (; start + 80 <= groups; start += 80) filter_blocks(planes + start, phase, 5, results + start);
    for (; start < groups; start += 16) filter_blocks(planes + start, phase, 1, results + start);
}

#else

static inline int16_t saturated(int32_t value) {
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

void polyphase_filter_baseline(const int16_t *planes, const struct polyphase_phase *phase, size_t groups, int16_t *results) {
    for (size_t start = 0; start < groups; start += polyphase_step) {
        int32_t sums[polyphase_step];
        for (int g = 0; g < polyphase_step; g++) sums[g] = 1 << (phase->shift - 1);
        for (int32_t tap = 0; tap < phase->count; tap++) {
            const int16_t *source = planes + phase->pairs[tap].offset + start;
            const int32_t first = phase->pairs[tap].first, second = phase->pairs[tap].second;
            for (int g = 0; g < polyphase_step; g++) sums[g] += first * source[g] + second * source[g + 1];
        }
        for (int g = 0; g < polyphase_step; g++) results[start + g] = saturated(sums[g] >> phase->shift);
    }
}

#endif

void polyphase_filter(const int16_t *planes, const struct polyphase_phase *phase, size_t groups, int16_t *results) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return filter_avx2(planes, phase, groups, results);
#endif
    polyphase_filter_baseline(planes, phase, groups, results);
}
