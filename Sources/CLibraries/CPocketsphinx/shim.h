// pocketsphinx 5prealpha, with its variadic set-up spelled out.
#pragma once
#include <pocketsphinx.h>
#include <sphinxbase/err.h>

// A decoder without a search; grammars follow by ps_set_jsgf_string.
//
// Batch normalisation (-cmn batch) makes an utterance's score independent of those before it. -compallsen scores every
// senone: otherwise a frame's score is relative to the best of the senones still active, and two searches over the same
// audio could not be compared.
//
// Its log is turned off here, not by -logfn: with that each decoder closes the log file of the one before, and two
// threads at it at once close it twice, by then somebody else's descriptor. (Seen: a model's checksum wrong, and the
// library's exit(1).)
static inline ps_decoder_t *media_bridge_pocketsphinx_open(
    const char *model, const char *dictionary, double sample_rate) {
    err_set_logfp(NULL);
    char rate[32];
    snprintf(rate, sizeof rate, "%g", sample_rate);
    cmd_ln_t *config = cmd_ln_init(
        NULL, ps_args(), TRUE, "-hmm", model, "-dict", dictionary, "-samprate", rate, "-cmn", "batch", "-compallsen",
        "yes", "-bestpath", "no", NULL);
    if (config == NULL) return NULL;
    ps_decoder_t *decoder = ps_init(config);
    cmd_ln_free_r(config);
    return decoder;
}
