// The same work as our parsers and writers, done with simdjson on-demand (libsimdjson-dev) and the vectorised base64 of this
// repository, so that what differs is the JSON.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes that must be readable behind each message for simdjson; ours needs none.
size_t peer_padding(void);

// One Twilio media message: its numbers, its track, its audio in `audio`. Returns bytes of audio, or -1.
long peer_carrier_in(const char *text, size_t count, unsigned char *audio, size_t room);

// One response.output_audio.delta: its identifiers, its index, its audio in `audio`. Returns bytes of audio, or -1.
long peer_model_in(const char *text, size_t count, unsigned char *audio, size_t room);

// A media message behind a prefix that was written once. Returns characters.
size_t peer_carrier_out(const unsigned char *audio, size_t count, char *text);

#ifdef __cplusplus
}
#endif
