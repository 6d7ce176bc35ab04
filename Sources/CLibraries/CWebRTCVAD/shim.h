// The voice detector inside Debian's libwebrtc-audio-processing: exported, and declared in no header of the package.
// Source: WebRTC's common_audio/vad/include/webrtc_vad.h at version 0.3.1, the one packaged.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct WebRtcVadInst VadInst;

VadInst *WebRtcVad_Create(void);
void WebRtcVad_Free(VadInst *handle);
// Of all but the memory itself. 0: done.
int WebRtcVad_Init(VadInst *handle);
// 0 ... 3: how much it takes to be called speech. 0: done.
int WebRtcVad_set_mode(VadInst *handle, int mode);
// 10, 20 or 30 ms. 1: speech, 0: none, -1: refused.
int WebRtcVad_Process(VadInst *handle, int sampleRateHz, const int16_t *frame, size_t samples);
