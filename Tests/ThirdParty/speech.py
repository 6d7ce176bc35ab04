"""Recorded speech as the telephone carries it."""
import wave


def mulaw(samples):
    """G.711 by its definition; the SDK's side must not depend on our codec."""
    coded = bytearray()
    for sample in samples:
        sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
        magnitude = min(magnitude, 32635) + 132
        segment = max(magnitude.bit_length() - 8, 0)
        coded.append(~(sign | segment << 4 | (magnitude >> (segment + 3)) & 0x0F) & 0xFF)
    return bytes(coded)


def speech(path):
    with wave.open(path) as file:
        if (file.getframerate(), file.getsampwidth(), file.getnchannels()) != (8000, 2, 1):
            raise SystemExit(f"{path}: expected 8 kHz 16-bit mono")
        return list(memoryview(file.readframes(file.getnframes())).cast("h"))
