// A voice activity detector for media-bridge: loud, and not hiss. Option `loudness`: mean magnitude that counts, 300.
//
//     cc -O2 -Wall -shared -fPIC -I Sources/CLibraries/CMediaBridgeStage -o zero_crossings.so zero_crossings.c
#include "media_bridge_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct detector {
    int loudness;
    int16_t last; // of the window before
} detector;

static void *make(const char *const *options, char *complaint, size_t complaint_size) {
    int loudness = 300;
    for (; options[0] != NULL; options += 2) {
        if (strcmp(options[0], "loudness") == 0 && (loudness = atoi(options[1])) > 0) continue;
        snprintf(complaint, complaint_size, "%s: `%s`; loudness above 0 was expected", options[0], options[1]);
        return NULL;
    }
    detector *made = calloc(1, sizeof *made);
    if (made != NULL) made->loudness = loudness;
    return made;
}

static int analyze(void *state, const int16_t *window, uint32_t samples, media_bridge_vad_answer *answer) {
    detector *self = state;
    uint32_t crossings = 0;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < samples; i++) {
        crossings += (window[i] < 0) != (self->last < 0);
        sum += (uint64_t)abs(window[i]);
        self->last = window[i];
    }
    answer->is_speech = sum > (uint64_t)self->loudness * samples && crossings < samples * 2 / 5;
    answer->probability = (float)answer->is_speech;
    return 0;
}

static void reset(void *state) { ((detector *)state)->last = 0; }

static const media_bridge_stage stage = {
    .size = sizeof stage,
    .version = MEDIA_BRIDGE_STAGE_VERSION,
    .role = MEDIA_BRIDGE_STAGE_VAD,
    .cost = MEDIA_BRIDGE_STAGE_INLINE,
    .name = "zero-crossings",
    .about = "loud, and not hiss",
    .sample_rate_hz = 8000,
    .window_samples = 160,
    .make = make,
    .analyze = analyze,
    .reset = reset,
    .destroy = free,
};

const media_bridge_stage *media_bridge_stage_describe(uint32_t host_version) {
    return host_version >= stage.version ? &stage : NULL;
}
