// Base64 (RFC 4648 section 4) in steps of 32 characters, for processors that have AVX2. Swift has no way to compile one
// function for another processor than the rest; that is the only reason why this is C.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Decodes whole groups from the start of `text` into `bytes`, as far as all characters are of the alphabet and `room`
// allows, and sets `consumed` to how many characters that were: a multiple of 4, zero without AVX2. It may leave groups
// that could be decoded (fewer than 32 characters, or where less than 32 bytes of room are left). Never reads behind
// `count` or writes behind `room`; what it writes behind the bytes it returns means nothing.
// Returns how many bytes were written: `consumed` / 4 * 3.
size_t base64_decode_blocks(const unsigned char *text, size_t count, unsigned char *bytes, size_t room, size_t *consumed);

// Encodes from the start of `bytes` into `text`, as far as `room` allows, and sets `consumed` to how many bytes that
// were: a multiple of 3, zero without AVX2 or for fewer than 24 bytes. Never reads behind `count` or writes behind `room`.
// Returns how many characters were written: `consumed` / 3 * 4.
size_t base64_encode_blocks(const unsigned char *bytes, size_t count, unsigned char *text, size_t room, size_t *consumed);

// The four characters of a group of three bytes, which stand in the low 24 bits of `bytes`, first byte highest; the first
// character stands in the lowest byte.
static inline uint32_t base64_group(uint32_t bytes) {
    static const unsigned char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return (uint32_t)alphabet[bytes >> 18 & 63] | (uint32_t)alphabet[bytes >> 12 & 63] << 8
        | (uint32_t)alphabet[bytes >> 6 & 63] << 16 | (uint32_t)alphabet[bytes & 63] << 24;
}
