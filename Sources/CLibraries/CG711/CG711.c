#include "CG711.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

// The same sixteen bytes for both halves of a register.
#define TABLE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

// 32 samples from the two factors of their magnitudes: each is the sum of `first` times `scale` and `second` times
// `second_scale`, as a negative number, since 128 is a factor and no signed byte. A code word with its sign bit set is
// positive.
AVX2 static inline void store_samples(
    __m256i codes, __m256i first, __m256i scale, __m256i second, __m256i second_scale, int16_t *samples) {
    const __m256i one = _mm256_set1_epi8(1);
    const __m256i low = _mm256_maddubs_epi16(
        _mm256_unpacklo_epi8(first, second), _mm256_unpacklo_epi8(scale, second_scale));
    const __m256i high = _mm256_maddubs_epi16(
        _mm256_unpackhi_epi8(first, second), _mm256_unpackhi_epi8(scale, second_scale));
    _mm256_storeu_si256((__m256i *)samples, _mm256_sign_epi16(low, _mm256_unpacklo_epi8(one, codes)));
    _mm256_storeu_si256((__m256i *)(samples + 16), _mm256_sign_epi16(high, _mm256_unpackhi_epi8(one, codes)));
}

// 32 code words in the order in which unpacking takes them.
AVX2 static inline __m256i load_codes(const uint8_t *codes) {
    return _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i *)codes), 0xD8);
}

AVX2 static size_t decode_mulaw(const uint8_t *codes, size_t count, int16_t *samples) {
    // Code words are sent inverted: step 15 - low and segment 7 - (high & 7). (step * 8 + 132) << segment, less 132.
    const __m256i steps = TABLE(
        (char)252, (char)244, (char)236, (char)228, (char)220, (char)212, (char)204, (char)196, (char)188, (char)180,
        (char)172, (char)164, (char)156, (char)148, (char)140, (char)132);
    const __m256i scales = TABLE(-128, -64, -32, -16, -8, -4, -2, -1, -128, -64, -32, -16, -8, -4, -2, -1);
    const __m256i nibble = _mm256_set1_epi8(15);
    size_t n = 0;
    for (; n + 32 <= count; n += 32) {
        const __m256i c = load_codes(codes + n);
        const __m256i low = _mm256_and_si256(c, nibble), high = _mm256_and_si256(_mm256_srli_epi16(c, 4), nibble);
        store_samples(
            c, _mm256_shuffle_epi8(steps, low), _mm256_shuffle_epi8(scales, high), _mm256_set1_epi8((char)132),
            _mm256_set1_epi8(1), samples + n);
    }
    return n;
}

AVX2 static size_t decode_alaw(const uint8_t *codes, size_t count, int16_t *samples) {
    // Even bits are sent inverted. (step * 16 + 8 + 256) << (segment - 1); in the lowest segment without 256 and shift.
    const __m256i steps = TABLE(4, 12, 20, 28, 36, 44, 52, 60, 68, 76, 84, 92, 100, 108, 116, 124);
    const __m256i above = TABLE(0, -128, -128, -128, -128, -128, -128, -128, 0, -128, -128, -128, -128, -128, -128, -128);
    const __m256i scales = TABLE(-2, -2, -4, -8, -16, -32, -64, -128, -2, -2, -4, -8, -16, -32, -64, -128);
    const __m256i nibble = _mm256_set1_epi8(15);
    size_t n = 0;
    for (; n + 32 <= count; n += 32) {
        const __m256i c = _mm256_xor_si256(load_codes(codes + n), _mm256_set1_epi8(0x55));
        const __m256i low = _mm256_and_si256(c, nibble), high = _mm256_and_si256(_mm256_srli_epi16(c, 4), nibble);
        const __m256i scale = _mm256_shuffle_epi8(scales, high);
        store_samples(c, _mm256_shuffle_epi8(steps, low), scale, _mm256_shuffle_epi8(above, high), scale, samples + n);
    }
    return n;
}

// Exponent and four bits of mantissa of sixteen magnitudes as floats, counted from exponent 7: below zero for less than 128.
AVX2 static inline __m256i exponents(__m256i magnitudes) {
    const __m256i zero = _mm256_setzero_si256();
    const __m256 low = _mm256_cvtepi32_ps(_mm256_unpacklo_epi16(magnitudes, zero));
    const __m256 high = _mm256_cvtepi32_ps(_mm256_unpackhi_epi16(magnitudes, zero));
    const __m256i bits = _mm256_packus_epi32(
        _mm256_srli_epi32(_mm256_castps_si256(low), 19), _mm256_srli_epi32(_mm256_castps_si256(high), 19));
    return _mm256_sub_epi16(bits, _mm256_set1_epi16(134 << 4));
}

// 32 code words: the magnitudes' seven bits, the samples' signs, all bits of `inverted` turned.
AVX2 static inline void store_codes(__m256i first, __m256i second, __m256i a, __m256i b, int inverted, uint8_t *codes) {
    const __m256i signs = _mm256_and_si256(_mm256_packs_epi16(first, second), _mm256_set1_epi8((char)0x80));
    const __m256i words = _mm256_or_si256(_mm256_packus_epi16(a, b), signs);
    _mm256_storeu_si256(
        (__m256i *)codes,
        _mm256_permute4x64_epi64(_mm256_xor_si256(words, _mm256_set1_epi8((char)inverted)), 0xD8));
}

AVX2 static inline __m256i mulaw_words(__m256i samples) {
    // The magnitude of -32768 is 32768 as an unsigned number.
    const __m256i clipped = _mm256_min_epu16(_mm256_abs_epi16(samples), _mm256_set1_epi16(32635));
    return exponents(_mm256_add_epi16(clipped, _mm256_set1_epi16(132)));
}

AVX2 static size_t encode_mulaw(const int16_t *samples, size_t count, uint8_t *codes) {
    size_t n = 0;
    for (; n + 32 <= count; n += 32) {
        const __m256i first = _mm256_loadu_si256((const __m256i *)(samples + n));
        const __m256i second = _mm256_loadu_si256((const __m256i *)(samples + n + 16));
        store_codes(first, second, mulaw_words(first), mulaw_words(second), 0xFF, codes + n);
    }
    return n;
}

AVX2 static inline __m256i alaw_words(__m256i samples) {
    // A negative sample loses one: -1 and 0 mirror each other. Below 256 steps are of 16, and the exponent says less.
    const __m256i magnitude = _mm256_xor_si256(samples, _mm256_srai_epi16(samples, 15));
    const __m256i steps = _mm256_min_epi16(_mm256_srli_epi16(magnitude, 4), _mm256_set1_epi16(15));
    return _mm256_max_epi16(exponents(magnitude), steps);
}

AVX2 static size_t encode_alaw(const int16_t *samples, size_t count, uint8_t *codes) {
    size_t n = 0;
    for (; n + 32 <= count; n += 32) {
        const __m256i first = _mm256_loadu_si256((const __m256i *)(samples + n));
        const __m256i second = _mm256_loadu_si256((const __m256i *)(samples + n + 16));
        store_codes(first, second, alaw_words(first), alaw_words(second), 0xD5, codes + n);
    }
    return n;
}

#define CHOOSE(kernel, ...) \
    if (__builtin_cpu_supports("avx2")) return kernel(__VA_ARGS__)

#else

#define CHOOSE(kernel, from, count, to) (void)from, (void)count, (void)to

#endif

size_t g711_decode_mulaw(const uint8_t *codes, size_t count, int16_t *samples) {
    CHOOSE(decode_mulaw, codes, count, samples);
    return 0;
}

size_t g711_decode_alaw(const uint8_t *codes, size_t count, int16_t *samples) {
    CHOOSE(decode_alaw, codes, count, samples);
    return 0;
}

size_t g711_encode_mulaw(const int16_t *samples, size_t count, uint8_t *codes) {
    CHOOSE(encode_mulaw, samples, count, codes);
    return 0;
}

size_t g711_encode_alaw(const int16_t *samples, size_t count, uint8_t *codes) {
    CHOOSE(encode_alaw, samples, count, codes);
    return 0;
}
