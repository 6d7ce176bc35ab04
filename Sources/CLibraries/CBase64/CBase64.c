#include "CBase64.h"

#if defined(__x86_64__)

#include <immintrin.h>

// A mask of the bytes of `c` that lie in `low` ... `high`. Signed: what is above 127 lies in no range.
__attribute__((target("avx2"))) static inline __m256i between(__m256i c, char low, char high) {
    return _mm256_and_si256(
        _mm256_cmpgt_epi8(c, _mm256_set1_epi8(low - 1)), _mm256_cmpgt_epi8(_mm256_set1_epi8(high + 1), c));
}

__attribute__((target("avx2"))) static inline __m256i chosen(__m256i mask, char value) {
    return _mm256_and_si256(mask, _mm256_set1_epi8(value));
}

__attribute__((target("avx2"))) static size_t decode_avx2(
    const unsigned char *text, size_t count, unsigned char *bytes, size_t room, size_t *consumed) {
    // In each half: four groups of three bytes, each group turned round, then nothing.
    const __m256i turn = _mm256_setr_epi8(
        2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    size_t read = 0, written = 0;
    // A step writes 24 bytes by a store of 16 and one of 16 that begins 12 behind it.
    while (count - read >= 32 && room - written >= 28) {
        const __m256i c = _mm256_loadu_si256((const __m256i *)(text + read));
        const __m256i upper = between(c, 'A', 'Z'), lower = between(c, 'a', 'z'), digit = between(c, '0', '9');
        const __m256i plus = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('+'));
        const __m256i slash = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('/'));
        const __m256i known = _mm256_or_si256(
            _mm256_or_si256(upper, lower), _mm256_or_si256(digit, _mm256_or_si256(plus, slash)));
        if (_mm256_movemask_epi8(known) != -1) break;
        const __m256i shift = _mm256_or_si256(
            _mm256_or_si256(chosen(upper, 0 - 'A'), chosen(lower, 26 - 'a')),
            _mm256_or_si256(
                chosen(digit, 52 - '0'), _mm256_or_si256(chosen(plus, 62 - '+'), chosen(slash, 63 - '/'))));
        const __m256i six = _mm256_add_epi8(c, shift);
        const __m256i twelve = _mm256_maddubs_epi16(six, _mm256_set1_epi16(0x0140));       // a << 6 | b
        const __m256i twentyfour = _mm256_madd_epi16(twelve, _mm256_set1_epi32(0x00011000)); // ab << 12 | cd
        const __m256i packed = _mm256_shuffle_epi8(twentyfour, turn);
        _mm_storeu_si128((__m128i *)(bytes + written), _mm256_castsi256_si128(packed));
        _mm_storeu_si128((__m128i *)(bytes + written + 12), _mm256_extracti128_si256(packed, 1));
        read += 32;
        written += 24;
    }
    *consumed = read;
    return written;
}

__attribute__((target("avx2"))) static size_t encode_avx2(
    const unsigned char *bytes, size_t count, unsigned char *text, size_t room, size_t *consumed) {
    // Each group of three bytes becomes four: middle, first, last, middle, so that shifts within 16 bits reach all.
    const __m256i spread = _mm256_setr_epi8(
        1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    size_t read = 0, written = 0;
    // A step reads 24 bytes by a load of 16 and one of 16 that begins 12 behind it.
    while (count - read >= 28 && room - written >= 32) {
        const __m128i front = _mm_loadu_si128((const __m128i *)(bytes + read));
        const __m128i back = _mm_loadu_si128((const __m128i *)(bytes + read + 12));
        const __m256i groups = _mm256_shuffle_epi8(
            _mm256_inserti128_si256(_mm256_castsi128_si256(front), back, 1), spread);
        // Multiplying high shifts right by a different amount in the two halves of each group, multiplying low left.
        const __m256i first_third = _mm256_mulhi_epu16(
            _mm256_and_si256(groups, _mm256_set1_epi32(0x0FC0FC00)), _mm256_set1_epi32(0x04000040));
        const __m256i second_fourth = _mm256_mullo_epi16(
            _mm256_and_si256(groups, _mm256_set1_epi32(0x003F03F0)), _mm256_set1_epi32(0x01000010));
        const __m256i six = _mm256_or_si256(first_third, second_fourth);
        // 65 takes 0 to `A`; each border passed corrects it: `a` at 26, `0` at 52, `+` at 62, `/` at 63.
        __m256i c = _mm256_add_epi8(six, _mm256_set1_epi8('A'));
        c = _mm256_add_epi8(c, chosen(_mm256_cmpgt_epi8(six, _mm256_set1_epi8(25)), 6));
        c = _mm256_sub_epi8(c, chosen(_mm256_cmpgt_epi8(six, _mm256_set1_epi8(51)), 75));
        c = _mm256_sub_epi8(c, chosen(_mm256_cmpgt_epi8(six, _mm256_set1_epi8(61)), 15));
        c = _mm256_add_epi8(c, chosen(_mm256_cmpgt_epi8(six, _mm256_set1_epi8(62)), 3));
        _mm256_storeu_si256((__m256i *)(text + written), c);
        read += 24;
        written += 32;
    }
    *consumed = read;
    return written;
}

#endif

size_t base64_decode_blocks(const unsigned char *text, size_t count, unsigned char *bytes, size_t room, size_t *consumed) {
    *consumed = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return decode_avx2(text, count, bytes, room, consumed);
#endif
    return 0;
}

size_t base64_encode_blocks(const unsigned char *bytes, size_t count, unsigned char *text, size_t room, size_t *consumed) {
    *consumed = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return encode_avx2(bytes, count, text, room, consumed);
#endif
    return 0;
}
