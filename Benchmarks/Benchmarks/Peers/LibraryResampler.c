#include "Peers.h"

#include <samplerate.h>
#include <stdlib.h>

enum { most_samples = 960, room_samples = 8192 };

struct peer_resampler {
    SRC_STATE *state;
    double ratio;
    float input[most_samples], output[room_samples];
};

struct peer_resampler *peer_resampler_new(int quality, double ratio) {
    struct peer_resampler *resampler = calloc(1, sizeof *resampler);
    int status = 0;
    if (!resampler) return NULL;
    resampler->state = src_new(quality, 1, &status);
    resampler->ratio = ratio;
    if (resampler->state) return resampler;
    free(resampler);
    return NULL;
}

size_t peer_resampler_process(
    struct peer_resampler *resampler, const int16_t *input, size_t count, int16_t *output, size_t room) {
    if (count > most_samples) count = most_samples;
    src_short_to_float_array(input, resampler->input, (int)count);
    SRC_DATA data = {
        .data_in = resampler->input, .data_out = resampler->output, .input_frames = (long)count,
        .output_frames = (long)(room < room_samples ? room : room_samples), .src_ratio = resampler->ratio};
    if (src_process(resampler->state, &data) != 0) return 0;
    src_float_to_short_array(resampler->output, output, (int)data.output_frames_gen);
    return (size_t)data.output_frames_gen;
}

void peer_resampler_free(struct peer_resampler *resampler) {
    if (!resampler) return;
    src_delete(resampler->state);
    free(resampler);
}
