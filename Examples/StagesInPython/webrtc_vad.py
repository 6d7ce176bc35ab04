# WebRTC's voice activity detector for media-bridge: pip install webrtcvad-wheels
import json, struct, sys, webrtcvad

print(json.dumps({"role": "vad", "sampleRateHz": 8000, "windowSamples": 160}), flush=True)
calls = {}
while header := sys.stdin.buffer.read(12):
    call, kind, size = struct.unpack("<III", header)
    audio = sys.stdin.buffer.read(size)
    if kind == 1:
        print(json.dumps({"call": call, "speech": calls[call].is_speech(audio, 8000)}), flush=True)
    elif kind == 3:
        del calls[call]
    else:  # It begins, or has a gap: nothing was heard before.
        calls[call] = webrtcvad.Vad(3)
