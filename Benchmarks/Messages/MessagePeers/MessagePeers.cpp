#include "MessagePeers.h"

#include <cstdint>
#include <cstring>
#include <simdjson.h>
#include <string_view>

// Of CBase64, which the program has through RealtimeBridge.
extern "C" size_t base64_decode_blocks(
    const unsigned char *text, size_t count, unsigned char *bytes, size_t room, size_t *consumed);
extern "C" size_t base64_encode_blocks(
    const unsigned char *bytes, size_t count, unsigned char *text, size_t room, size_t *consumed);

using namespace simdjson;

static ondemand::parser parser;
// What was read is kept, so that reading it is not left out.
static struct {
    int64_t sequence, chunk, timestamp, index;
    char response[64], item[64], stream[64];
    size_t responseCount, itemCount, streamCount;
    bool isInbound;
} seen;

static int value(unsigned char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Strict, as ours: whole groups, padding only at the end, no bits left over.
static long decode(std::string_view text, unsigned char *audio, size_t room) {
    size_t read;
    size_t written = base64_decode_blocks((const unsigned char *)text.data(), text.size(), audio, room, &read);
    if (text.size() % 4) return -1;
    for (; read < text.size(); read += 4) {
        int pads = 0;
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++) {
            const unsigned char c = (unsigned char)text[read + k];
            const int six = value(c);
            if (c == '=' && k >= 2 && read + 4 == text.size()) {
                pads++;
                bits <<= 6;
            } else if (six < 0 || pads) {
                return -1;
            } else {
                bits = bits << 6 | (uint32_t)six;
            }
        }
        if ((bits & ((1u << (pads * 8)) - 1)) || room - written < (size_t)(3 - pads)) return -1;
        for (int k = 0; k < 3 - pads; k++) audio[written++] = (unsigned char)(bits >> (16 - 8 * k));
    }
    return (long)written;
}

// Numbers that a carrier writes as strings.
static bool number(std::string_view text, int64_t &into) {
    if (text.empty() || text.size() > 18) return false;
    int64_t found = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return false;
        found = found * 10 + (c - '0');
    }
    into = found;
    return true;
}

static bool keep(std::string_view text, char (&into)[64], size_t &count) {
    if (text.empty() || text.size() > 63) return false;
    std::memcpy(into, text.data(), text.size());
    count = text.size();
    return true;
}

size_t peer_padding(void) { return SIMDJSON_PADDING; }

static long carrier(const char *text, size_t count, unsigned char *audio, size_t room) {
    ondemand::document document;
    if (parser.iterate(text, count, count + SIMDJSON_PADDING).get(document)) return -1;
    ondemand::object object;
    if (document.get_object().get(object)) return -1;
    long bytes = -1;
    bool isMedia = false;
    for (auto field : object) {
        std::string_view key, word;
        if (field.unescaped_key().get(key)) return -1;
        if (key == "event") {
            if (field.value().get_string().get(word)) return -1;
            isMedia = word == "media";
        } else if (key == "sequenceNumber") {
            if (field.value().get_string().get(word) || !number(word, seen.sequence)) return -1;
        } else if (key == "streamSid") {
            if (field.value().get_string().get(word) || !keep(word, seen.stream, seen.streamCount)) return -1;
        } else if (key == "media") {
            ondemand::object media;
            if (field.value().get_object().get(media)) return -1;
            for (auto member : media) {
                if (member.unescaped_key().get(key) || member.value().get_string().get(word)) return -1;
                if (key == "payload") {
                    bytes = decode(word, audio, room);
                } else if (key == "timestamp") {
                    if (!number(word, seen.timestamp)) return -1;
                } else if (key == "chunk") {
                    if (!number(word, seen.chunk)) return -1;
                } else if (key == "track") {
                    seen.isInbound = word == "inbound";
                }
            }
        }
    }
    return isMedia ? bytes : -1;
}

long peer_carrier_in(const char *text, size_t count, unsigned char *audio, size_t room) {
    return carrier(text, count, audio, room);
}

long peer_model_in(const char *text, size_t count, unsigned char *audio, size_t room) {
    ondemand::document document;
    if (parser.iterate(text, count, count + SIMDJSON_PADDING).get(document)) return -1;
    ondemand::object object;
    if (document.get_object().get(object)) return -1;
    long bytes = -1;
    bool isAudio = false;
    for (auto field : object) {
        std::string_view key, word;
        if (field.unescaped_key().get(key)) return -1;
        if (key == "type") {
            if (field.value().get_string().get(word)) return -1;
            isAudio = word == "response.output_audio.delta" || word == "response.audio.delta";
        } else if (key == "response_id") {
            if (field.value().get_string().get(word) || !keep(word, seen.response, seen.responseCount)) return -1;
        } else if (key == "item_id") {
            if (field.value().get_string().get(word) || !keep(word, seen.item, seen.itemCount)) return -1;
        } else if (key == "content_index") {
            if (field.value().get_int64().get(seen.index)) return -1;
        } else if (key == "delta") {
            if (field.value().get_string().get(word)) return -1;
            bytes = decode(word, audio, room);
        }
    }
    return isAudio ? bytes : -1;
}

size_t peer_carrier_out(const unsigned char *audio, size_t count, char *text) {
    static const char prefix[] =
        "{\"event\":\"media\",\"streamSid\":\"MZ00000000000000000000000000000001\",\"media\":{\"payload\":\"";
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::memcpy(text, prefix, sizeof prefix - 1);
    unsigned char *to = (unsigned char *)text + sizeof prefix - 1;
    size_t read;
    to += base64_encode_blocks(audio, count, to, (count + 2) / 3 * 4, &read);
    for (; read < count; read += 3) {
        const size_t left = count - read;
        const uint32_t group = (uint32_t)audio[read] << 16 | (left > 1 ? (uint32_t)audio[read + 1] << 8 : 0)
            | (left > 2 ? audio[read + 2] : 0);
        *to++ = (unsigned char)alphabet[group >> 18];
        *to++ = (unsigned char)alphabet[group >> 12 & 63];
        *to++ = left > 1 ? (unsigned char)alphabet[group >> 6 & 63] : '=';
        *to++ = left > 2 ? (unsigned char)alphabet[group & 63] : '=';
    }
    std::memcpy(to, "\"}}", 3);
    return (size_t)(to + 3 - (unsigned char *)text);
}
