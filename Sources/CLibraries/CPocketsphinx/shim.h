// pocketsphinx 5prealpha, with its variadic set-up spelled out for a JSGF grammar.
#pragma once
#include <pocketsphinx.h>

static inline ps_decoder_t *media_bridge_pocketsphinx_open(
    const char *model, const char *dictionary, const char *grammar, double sample_rate) {
    char rate[32];
    snprintf(rate, sizeof rate, "%g", sample_rate);
    cmd_ln_t *config = cmd_ln_init(
        NULL, ps_args(), TRUE, "-hmm", model, "-dict", dictionary, "-jsgf", grammar, "-samprate", rate, "-logfn",
        "/dev/null", NULL);
    if (config == NULL) return NULL;
    ps_decoder_t *decoder = ps_init(config);
    cmd_ln_free_r(config);
    return decoder;
}
