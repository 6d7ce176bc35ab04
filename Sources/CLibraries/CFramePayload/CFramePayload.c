#include "CFramePayload.h"

#if defined(__x86_64__)

#include <immintrin.h>

__attribute__((target("avx2"))) static inline __m256i at(const unsigned char *bytes) {
    return _mm256_loadu_si256((const __m256i *)bytes);
}

__attribute__((target("avx2"))) static size_t ascii_avx2(const unsigned char *bytes, size_t count) {
    size_t read = 0;
    while (count - read >= 128) {
        const __m256i first = _mm256_or_si256(at(bytes + read), at(bytes + read + 32));
        const __m256i second = _mm256_or_si256(at(bytes + read + 64), at(bytes + read + 96));
        if (_mm256_movemask_epi8(_mm256_or_si256(first, second))) break;
        read += 128;
    }
    while (count - read >= 32 && !_mm256_movemask_epi8(at(bytes + read))) read += 32;
    return read;
}

__attribute__((target("avx2"))) static size_t mask_avx2(
    const unsigned char *source, unsigned char *target, size_t count, uint32_t key) {
    const __m256i keys = _mm256_set1_epi32((int)key);
    size_t done = 0;
    for (; count - done >= 64; done += 64) {
        const __m256i first = _mm256_xor_si256(at(source + done), keys);
        const __m256i second = _mm256_xor_si256(at(source + done + 32), keys);
        _mm256_storeu_si256((__m256i *)(target + done), first);
        _mm256_storeu_si256((__m256i *)(target + done + 32), second);
    }
    if (count - done >= 32) {
        _mm256_storeu_si256((__m256i *)(target + done), _mm256_xor_si256(at(source + done), keys));
        done += 32;
    }
    return done;
}

#endif

size_t frame_payload_ascii(const unsigned char *bytes, size_t count) {
#if defined(__x86_64__)
    if (count >= 32 && __builtin_cpu_supports("avx2")) return ascii_avx2(bytes, count);
#endif
    return 0;
}

size_t frame_payload_mask(const unsigned char *source, unsigned char *target, size_t count, uint32_t key) {
#if defined(__x86_64__)
    if (count >= 32 && __builtin_cpu_supports("avx2")) return mask_avx2(source, target, count, key);
#endif
    return 0;
}
