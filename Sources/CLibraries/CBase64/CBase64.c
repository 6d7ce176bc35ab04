#include "CBase64.h"

#if defined(__x86_64__)

#include <immintrin.h>

// The six-bit values of 32 characters, and in `outside` a bit for each that is not of the alphabet.
//
// A character's class is told by its high nibble (2: + and /, 3: digits, 4 and 5: upper case, 6 and 7: lower case, all
// else: none), one bit each in `by_high`; `by_low` has that bit where the low nibble is none of the class's.
__attribute__((target("avx2"))) static inline __m256i six_bits(__m256i c, unsigned *outside) {
    const __m256i by_low = _mm256_setr_epi8(
        0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A,
        0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A);
    const __m256i by_high = _mm256_setr_epi8(
        0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10,
        0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    // What to add, by high nibble; the slash, whose class is that of the plus, goes one down to find its own.
    const __m256i shift = _mm256_setr_epi8(
        0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0,
        0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i nibble = _mm256_set1_epi8(0x0F);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(c, 4), nibble);
    const __m256i low = _mm256_and_si256(c, nibble);
    const __m256i wrong = _mm256_and_si256(_mm256_shuffle_epi8(by_low, low), _mm256_shuffle_epi8(by_high, high));
    *outside = ~(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(wrong, _mm256_setzero_si256()));
    const __m256i slash = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('/'));
    return _mm256_add_epi8(c, _mm256_shuffle_epi8(shift, _mm256_add_epi8(high, slash)));
}

// Writes the 24 bytes of 32 six-bit values, and eight more that mean nothing.
__attribute__((target("avx2"))) static inline void pack(__m256i six, unsigned char *bytes) {
    // In each half: four groups of three bytes, each group turned round, then nothing.
    const __m256i turn = _mm256_setr_epi8(
        2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i twelve = _mm256_maddubs_epi16(six, _mm256_set1_epi16(0x0140));       // a << 6 | b
    const __m256i twentyfour = _mm256_madd_epi16(twelve, _mm256_set1_epi32(0x00011000)); // ab << 12 | cd
    const __m256i packed = _mm256_shuffle_epi8(twentyfour, turn);
    const __m256i joined = _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)bytes, joined);
}

__attribute__((target("avx2"))) static size_t decode_avx2(
    const unsigned char *text, size_t count, unsigned char *bytes, size_t room, size_t *consumed) {
    size_t read = 0, written = 0;
    while (count - read >= 64 && room - written >= 56) {
        unsigned outside, outside_too;
        const __m256i six = six_bits(_mm256_loadu_si256((const __m256i *)(text + read)), &outside);
        const __m256i six_too = six_bits(_mm256_loadu_si256((const __m256i *)(text + read + 32)), &outside_too);
        if (outside | outside_too) break;
        pack(six, bytes + written);
        pack(six_too, bytes + written + 24);
        read += 64;
        written += 48;
    }
    // What is outside the alphabet spoils its own group of four and no other: the groups before it count.
    while (count - read >= 32 && room - written >= 32) {
        unsigned outside;
        pack(six_bits(_mm256_loadu_si256((const __m256i *)(text + read)), &outside), bytes + written);
        const size_t groups = outside ? (size_t)__builtin_ctz(outside) / 4 : 8;
        read += groups * 4;
        written += groups * 3;
        if (outside) goto done;
    }
    // Fewer than 32 are left: whole groups that are done already are done again, so that the step ends where the text does.
    const size_t again = (32 - (count - read) + 3) / 4;
    if (count - read >= 4 && count - read < 32 && read >= again * 4 && room - written >= 32 - again * 3) {
        unsigned outside;
        const __m256i six = six_bits(_mm256_loadu_si256((const __m256i *)(text + read - again * 4)), &outside);
        pack(six, bytes + written - again * 3);
        const size_t groups = (outside ? (size_t)__builtin_ctz(outside) / 4 : 8) - again;
        read += groups * 4;
        written += groups * 3;
    }
done:
    *consumed = read;
    return written;
}

// The characters of 24 bytes, of which the first twelve begin at `front` and the others at the fifth byte of `back`.
__attribute__((target("avx2"))) static inline __m256i characters(const unsigned char *front, const unsigned char *back) {
    // Each group of three bytes becomes four: middle, first, last, middle, so that shifts within 16 bits reach all.
    const __m256i spread = _mm256_setr_epi8(
        1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 5, 4, 6, 5, 8, 7, 9, 8, 11, 10, 12, 11, 14, 13, 15, 14);
    const __m256i groups = _mm256_shuffle_epi8(
        _mm256_inserti128_si256(
            _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)front)),
            _mm_loadu_si128((const __m128i *)back), 1),
        spread);
    // Multiplying high shifts right by a different amount in the two halves of each group, multiplying low left.
    const __m256i first_third = _mm256_mulhi_epu16(
        _mm256_and_si256(groups, _mm256_set1_epi32(0x0FC0FC00)), _mm256_set1_epi32(0x04000040));
    const __m256i second_fourth = _mm256_mullo_epi16(
        _mm256_and_si256(groups, _mm256_set1_epi32(0x003F03F0)), _mm256_set1_epi32(0x01000010));
    const __m256i six = _mm256_or_si256(first_third, second_fourth);
    // Upper case 13, lower case 0, the digits 1 to 10, plus 11, slash 12: what each adds.
    const __m256i shift = _mm256_setr_epi8(
        'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
        '+' - 62, '/' - 63, 'A', 0, 0, 'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
        '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
    const __m256i upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), six);
    const __m256i kind = _mm256_or_si256(
        _mm256_subs_epu8(six, _mm256_set1_epi8(51)), _mm256_and_si256(upper, _mm256_set1_epi8(13)));
    return _mm256_add_epi8(six, _mm256_shuffle_epi8(shift, kind));
}

__attribute__((target("avx2"))) static size_t encode_avx2(
    const unsigned char *bytes, size_t count, unsigned char *text, size_t room, size_t *consumed) {
    size_t read = 0, written = 0;
    while (count - read >= 24 && room - written >= 32) {
        _mm256_storeu_si256((__m256i *)(text + written), characters(bytes + read, bytes + read + 8));
        read += 24;
        written += 32;
    }
    // Fewer than 24 are left: whole groups that are done already are done again.
    const size_t groups = (count - read) / 3;
    if (groups > 0 && groups < 8 && read >= 24 && room - written >= groups * 4) {
        const size_t again = 8 - groups;
        const unsigned char *from = bytes + read - again * 3;
        _mm256_storeu_si256((__m256i *)(text + written - again * 4), characters(from, from + 8));
        read += groups * 3;
        written += groups * 4;
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
