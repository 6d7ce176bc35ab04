// libopusenc 0.2: Ogg Opus files, with its variadic control call spelled out.
#pragma once
#include <opusenc.h>

static inline int media_bridge_opusenc_set(OggOpusEnc *encoder, int request, opus_int32 value) {
    return ope_encoder_ctl(encoder, request, value);
}
