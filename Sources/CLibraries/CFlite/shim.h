// flite 2.2: English speech from text. The voice has no header of its own.
#pragma once
#include <flite/flite.h>

cst_voice *register_cmu_us_slt(const char *voice_directory);
void unregister_cmu_us_slt(cst_voice *voice);

// 1 is the voice's own speed, 2 half of it. flite keeps the pointer to a feature's name, so it must be a literal of C.
static inline void media_bridge_flite_set_stretch(cst_voice *voice, float stretch) {
    flite_feat_set_float(voice->features, "duration_stretch", stretch);
}
