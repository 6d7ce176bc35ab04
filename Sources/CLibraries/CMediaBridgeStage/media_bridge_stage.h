// A voice activity detector for media-bridge, as a shared object in C or any language that can speak C.
//
//     cc -O2 -shared -fPIC -o mine.so mine.c
//
// The object exports one function, media_bridge_stage_describe, which hands over a description that never changes. It
// runs in a process of its own, which is started again when it crashes; with `inline: true` it runs inside the service, on
// the thread that carries the calls, and a fault of it takes all calls down: that wants the record of a passed
// `media-bridge check-stage`.
//
// Rates, windows out of 20 ms frames, threads, late answers and restarts are the service's. See docs/PLUGINS.md.
#ifndef MEDIA_BRIDGE_STAGE_H
#define MEDIA_BRIDGE_STAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Raised when what is here changes its meaning. Fields are only ever added, at the end: `size` says how many there are.
#define MEDIA_BRIDGE_STAGE_VERSION 1u

// Roles.
#define MEDIA_BRIDGE_STAGE_VAD 1u

// Where it may run. Inline: a few tens of microseconds for a window at most, no allocation, lock, or call that waits.
#define MEDIA_BRIDGE_STAGE_INLINE 0u
#define MEDIA_BRIDGE_STAGE_WORKER 1u

// What a detector thinks of one window. All zero when it is handed over.
typedef struct media_bridge_vad_answer {
    float probability;    // 0 ... 1
    int32_t is_speech;    // its own decision, without hangover: 0 or 1
    float level_decibels; // relative to full scale, -96 ... 0; 0 from a detector that measures none
} media_bridge_vad_answer;

typedef struct media_bridge_stage {
    uint32_t size;    // sizeof(media_bridge_stage), as the object was compiled
    uint32_t version; // MEDIA_BRIDGE_STAGE_VERSION
    uint32_t role;    // MEDIA_BRIDGE_STAGE_VAD
    uint32_t cost;    // MEDIA_BRIDGE_STAGE_INLINE or _WORKER
    const char *name;
    const char *about; // one line

    uint32_t sample_rate_hz;       // 8000, 16000, 24000 or 48000
    uint32_t window_samples;       // 1 to 100 ms of it
    uint32_t latency_milliseconds; // how late speech is called so, beyond the window

    // One detector for one call; several live at once, and share nothing. `options` are names and values in turn, ended by
    // NULL. NULL when they do not fit: then `complaint` holds a sentence, ended by a zero byte.
    void *(*make)(const char *const *options, char *complaint, size_t complaint_size);
    // One window of `samples` = window_samples 16-bit linear samples, mono. 0, or anything else for a fault: the answer
    // counts as wrong. One thread at a time for each detector.
    int (*analyze)(void *detector, const int16_t *window, uint32_t samples, media_bridge_vad_answer *answer);
    // Forgets all it has heard: what follows is answered as by a new one.
    void (*reset)(void *detector);
    void (*destroy)(void *detector);
} media_bridge_stage;

// `host_version` is the version that the service knows. NULL when the object cannot live with it.
const media_bridge_stage *media_bridge_stage_describe(uint32_t host_version);
typedef const media_bridge_stage *(*media_bridge_stage_describe_function)(uint32_t host_version);

#ifdef __cplusplus
}
#endif

#endif
