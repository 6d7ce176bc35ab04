#include "CPolyphase.h"

#include <string.h>

// From group `from` on, one by one.
static void spread_onwards(
    const int16_t *samples, size_t step, size_t from, size_t groups, int16_t *planes, size_t stride) {
    for (size_t r = 0; r < step; r++) {
        for (size_t g = from; g < groups; g++) planes[r * stride + g] = samples[step * g + r];
    }
}

static void gather_onwards(
    const int16_t *planes, size_t stride, size_t step, size_t from, size_t groups, int16_t *samples) {
    for (size_t r = 0; r < step; r++) {
        for (size_t g = from; g < groups; g++) samples[step * g + r] = planes[r * stride + g];
    }
}

void polyphase_spread_baseline(const int16_t *samples, size_t step, size_t groups, int16_t *planes, size_t stride) {
    spread_onwards(samples, step, 0, groups, planes, stride);
}

void polyphase_gather_baseline(const int16_t *planes, size_t stride, size_t step, size_t groups, int16_t *samples) {
    gather_onwards(planes, stride, step, 0, groups, samples);
}

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define TABLE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

// Groups of two, sixteen at a time. Returns how many groups that were.
AVX2 static size_t spread2(const int16_t *samples, size_t groups, int16_t *planes, size_t stride) {
    const __m256i apart = TABLE(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
    size_t g = 0;
    for (; g + 16 <= groups; g += 16) {
        const __m256i a = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(samples + 2 * g)), apart);
        const __m256i b = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(samples + 2 * g + 16)), apart);
        const __m256i even = _mm256_permute4x64_epi64(_mm256_unpacklo_epi64(a, b), 0xD8);
        const __m256i odd = _mm256_permute4x64_epi64(_mm256_unpackhi_epi64(a, b), 0xD8);
        _mm256_storeu_si256((__m256i *)(planes + g), even);
        _mm256_storeu_si256((__m256i *)(planes + stride + g), odd);
    }
    return g;
}

AVX2 static size_t gather2(const int16_t *planes, size_t stride, size_t groups, int16_t *samples) {
    size_t g = 0;
    for (; g + 16 <= groups; g += 16) {
        const __m256i a = _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i *)(planes + g)), 0xD8);
        const __m256i b = _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i *)(planes + stride + g)), 0xD8);
        _mm256_storeu_si256((__m256i *)(samples + 2 * g), _mm256_unpacklo_epi16(a, b));
        _mm256_storeu_si256((__m256i *)(samples + 2 * g + 16), _mm256_unpackhi_epi16(a, b));
    }
    return g;
}

// Groups of three: eight of them are three vectors of eight, a, b, c. In every place just one of the three holds a sample of
// a given plane, so blending collects a plane, and one shuffle puts it in order.
AVX2 static inline __m256i two_halves(const int16_t *low, const int16_t *high) {
    return _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)), _mm_loadu_si128((const __m128i *)high), 1);
}

// Places of a that hold samples 0, 3, 6; of b (samples 8 ...) 9, 12, 15; of c 18, 21: plane 0; and so on.
enum { first_places = 0x49, second_places = 0x92, third_places = 0x24 };

AVX2 static size_t spread3(const int16_t *samples, size_t groups, int16_t *planes, size_t stride) {
    const __m256i order0 = TABLE(0, 1, 6, 7, 12, 13, 2, 3, 8, 9, 14, 15, 4, 5, 10, 11);
    const __m256i order1 = TABLE(2, 3, 8, 9, 14, 15, 4, 5, 10, 11, 0, 1, 6, 7, 12, 13);
    const __m256i order2 = TABLE(4, 5, 10, 11, 0, 1, 6, 7, 12, 13, 2, 3, 8, 9, 14, 15);
    size_t g = 0;
    for (; g + 16 <= groups; g += 16) {
        const int16_t *from = samples + 3 * g;
        const __m256i a = two_halves(from, from + 24), b = two_halves(from + 8, from + 32);
        const __m256i c = two_halves(from + 16, from + 40);
        const __m256i plane0 = _mm256_blend_epi16(_mm256_blend_epi16(a, b, second_places), c, third_places);
        const __m256i plane1 = _mm256_blend_epi16(_mm256_blend_epi16(a, b, third_places), c, first_places);
        const __m256i plane2 = _mm256_blend_epi16(_mm256_blend_epi16(a, b, first_places), c, second_places);
        _mm256_storeu_si256((__m256i *)(planes + g), _mm256_shuffle_epi8(plane0, order0));
        _mm256_storeu_si256((__m256i *)(planes + stride + g), _mm256_shuffle_epi8(plane1, order1));
        _mm256_storeu_si256((__m256i *)(planes + 2 * stride + g), _mm256_shuffle_epi8(plane2, order2));
    }
    return g;
}

AVX2 static inline void store_halves(__m256i x, int16_t *low, int16_t *high) {
    _mm_storeu_si128((__m128i *)low, _mm256_castsi256_si128(x));
    _mm_storeu_si128((__m128i *)high, _mm256_extracti128_si256(x, 1));
}

AVX2 static size_t gather3(const int16_t *planes, size_t stride, size_t groups, int16_t *samples) {
    const __m256i order0 = TABLE(0, 1, 6, 7, 12, 13, 2, 3, 8, 9, 14, 15, 4, 5, 10, 11);
    const __m256i order1 = TABLE(10, 11, 0, 1, 6, 7, 12, 13, 2, 3, 8, 9, 14, 15, 4, 5);
    const __m256i order2 = TABLE(4, 5, 10, 11, 0, 1, 6, 7, 12, 13, 2, 3, 8, 9, 14, 15);
    size_t g = 0;
    for (; g + 16 <= groups; g += 16) {
        int16_t *to = samples + 3 * g;
        const __m256i plane0 = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(planes + g)), order0);
        const __m256i plane1 = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(planes + stride + g)), order1);
        const __m256i plane2 = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(planes + 2 * stride + g)), order2);
        const __m256i a = _mm256_blend_epi16(_mm256_blend_epi16(plane0, plane1, second_places), plane2, third_places);
        const __m256i b = _mm256_blend_epi16(_mm256_blend_epi16(plane0, plane1, third_places), plane2, first_places);
        const __m256i c = _mm256_blend_epi16(_mm256_blend_epi16(plane0, plane1, first_places), plane2, second_places);
        store_halves(a, to, to + 24);
        store_halves(b, to + 8, to + 32);
        store_halves(c, to + 16, to + 40);
    }
    return g;
}

#endif

void polyphase_spread(const int16_t *samples, size_t step, size_t groups, int16_t *planes, size_t stride) {
    size_t done = 0;
    if (step == 1) {
        memcpy(planes, samples, groups * sizeof *samples);
        return;
    }
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        if (step == 2) done = spread2(samples, groups, planes, stride);
        if (step == 3) done = spread3(samples, groups, planes, stride);
    }
#endif
    spread_onwards(samples, step, done, groups, planes, stride);
}

void polyphase_gather(const int16_t *planes, size_t stride, size_t step, size_t groups, int16_t *samples) {
    size_t done = 0;
    if (step == 1) {
        memcpy(samples, planes, groups * sizeof *samples);
        return;
    }
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        if (step == 2) done = gather2(planes, stride, groups, samples);
        if (step == 3) done = gather3(planes, stride, groups, samples);
    }
#endif
    gather_onwards(planes, stride, step, done, groups, samples);
}
