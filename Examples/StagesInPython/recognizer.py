# A recogniser for media-bridge, around pocketsphinx 5: pip install pocketsphinx
import json, struct, sys, pocketsphinx

def say(**answer): print(json.dumps(answer), flush=True)

decoder = pocketsphinx.Decoder(samprate=16000, loglevel="FATAL")
say(role="stt", sampleRateHz=16000)
while header := sys.stdin.buffer.read(12):
    call, kind, size = struct.unpack("<III", header)
    audio = sys.stdin.buffer.read(size)
    if kind == 0: heard = bytearray()
    elif kind == 1: heard += audio
    elif kind == 3:  # The end: one utterance for each call here.
        decoder.start_utt(); decoder.process_raw(bytes(heard), full_utt=True); decoder.end_utt()
        best = decoder.hyp()
        say(call=call, final=best.hypstr if best else "", confidence=0.3)
        say(call=call, done=True)
