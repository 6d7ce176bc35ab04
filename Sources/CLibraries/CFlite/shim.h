// flite 2.2: English speech from text. The voice has no header of its own.
#pragma once
#include <flite/flite.h>

cst_voice *register_cmu_us_slt(const char *voice_directory);
void unregister_cmu_us_slt(cst_voice *voice);

// 1 is the voice's own speed, 2 half of it. flite keeps the pointer to a feature's name, so it must be a literal of C.
static inline void media_bridge_flite_set_stretch(cst_voice *voice, float stretch) {
    flite_feat_set_float(voice->features, "duration_stretch", stretch);
}

// When each word of a text ends, in seconds, and how long all of it takes. Returns the number of words, or -1.
static inline int media_bridge_flite_word_ends(const char *text, cst_voice *voice, float *ends, int capacity, float *length) {
    cst_utterance *utterance = flite_synth_text(text, voice);
    if (!utterance) return -1;
    int count = 0;
    for (const cst_item *word = relation_head(utt_relation(utterance, "Word")); word && count < capacity; word = item_next(word))
        ends[count++] = ffeature_float(word, "R:SylStructure.daughtern.daughtern.R:Segment.end");
    const cst_wave *wave = utt_wave(utterance);
    *length = wave && wave->sample_rate > 0 ? (float)wave->num_samples / (float)wave->sample_rate : 0;
    delete_utterance(utterance);
    return count;
}
