// What is done to every byte of a WebSocket payload, in wide steps for processors that have AVX2. Swift has no way to
// compile one function for another processor than the rest; that is the only reason why this is C.
#pragma once

#include <stddef.h>
#include <stdint.h>

// How many bytes from the start of `bytes` are known to be ASCII: a multiple of 32, and all of them up to the block that
// holds the first which is not. Zero without AVX2. Never reads behind `count`.
size_t frame_payload_ascii(const unsigned char *bytes, size_t count);

// Writes `source` XOR `key`, which repeats every four bytes and holds them in memory order, to `target` (which may be
// `source`, and may not otherwise overlap it).
// Returns how many bytes that were: a multiple of 32; the rest, fewer than 32 (all without AVX2), is the caller's.
size_t frame_payload_mask(const unsigned char *source, unsigned char *target, size_t count, uint32_t key);
