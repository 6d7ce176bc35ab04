// Base64, masking, and a scanner of JSON objects that takes any order of keys, any spaces, and any depth.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct text { const char *start; size_t count; };
struct field { const char *key; struct text *value; };

static bool is(struct text text, const char *words) {
    return text.count == strlen(words) && !memcmp(text.start, words, text.count);
}

// The first value of each key, at whatever depth, when it is a string. Escaped quotes are stepped over.
static void scan(const char *json, size_t count, struct field *fields, int field_count) {
    const char *at = json, *end = json + count;
    struct text key = {0};
    bool has_key = false;
    while (at < end) {
        if (*at != '"') {
            if (*at == ',' || *at == '{' || *at == '[') has_key = false;
            at++;
            continue;
        }
        const char *start = ++at;
        for (;;) {
            at = memchr(at, '"', end - at);
            if (!at) return;
            const char *back = at;
            while (back > start && back[-1] == '\\') back--;
            if ((at - back) % 2 == 0) break;
            at++;
        }
        struct text string = {start, at - start};
        at++;
        if (has_key) {
            for (int index = 0; index < field_count; index++)
                if (!fields[index].value->start && is(key, fields[index].key)) *fields[index].value = string;
            has_key = false;
            continue;
        }
        while (at < end && *at == ' ') at++;
        if (at < end && *at == ':') {
            key = string;
            has_key = true;
            at++;
        }
    }
}

static void apply_mask(uint8_t *bytes, size_t count, uint32_t mask) {
    uint64_t wide = (uint64_t)mask << 32 | mask, word;
    size_t index = 0;
    for (; index + 8 <= count; index += 8) {
        memcpy(&word, bytes + index, 8);
        word ^= wide;
        memcpy(bytes + index, &word, 8);
    }
    for (; index < count; index++) bytes[index] ^= mask >> 8 * (index % 4);
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static uint8_t values[256];
// Two characters for twelve bits.
static uint16_t pairs[4096];

static void text_prepare(void) {
    memset(values, 0, sizeof values);
    for (int index = 0; index < 64; index++) values[(uint8_t)digits[index]] = index;
    for (int index = 0; index < 4096; index++) {
        char pair[2] = {digits[index >> 6], digits[index & 63]};
        memcpy(&pairs[index], pair, 2);
    }
}

static size_t base64_encode(const uint8_t *bytes, size_t count, uint8_t *text) {
    uint8_t *to = text;
    for (; count >= 3; count -= 3, bytes += 3, to += 4) {
        uint32_t word = bytes[0] << 16 | bytes[1] << 8 | bytes[2];
        memcpy(to, &pairs[word >> 12], 2);
        memcpy(to + 2, &pairs[word & 4095], 2);
    }
    if (count) {
        uint32_t word = bytes[0] << 16 | (count == 2 ? bytes[1] << 8 : 0);
        memcpy(to, &pairs[word >> 12], 2);
        to[2] = count == 2 ? digits[word >> 6 & 63] : '=';
        to[3] = '=';
        to += 4;
    }
    return to - text;
}

static size_t base64_decode(struct text text, uint8_t *bytes) {
    uint8_t *to = bytes;
    const uint8_t *from = (const uint8_t *)text.start;
    size_t groups = text.count / 4;
    for (size_t index = 0; index < groups; index++, from += 4, to += 3) {
        uint32_t word = values[from[0]] << 18 | values[from[1]] << 12 | values[from[2]] << 6 | values[from[3]];
        to[0] = word >> 16;
        to[1] = word >> 8;
        to[2] = word;
    }
    size_t count = to - bytes;
    if (groups && from[-1] == '=') count--;
    if (groups && from[-2] == '=') count--;
    return count;
}
