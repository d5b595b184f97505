"""A sound for the fake microphone: syllables of a few notes, so that the relay hears somebody speak."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

RATE = 48_000
SECONDS = 4
LOUDNESS = 0.4
NOTES = (196.0, 247.0, 294.0)
SYLLABLE_SECONDS = 0.25


def write_speech(path: Path) -> Path:
    """Write a wave file that Chromium plays in a loop."""
    samples = bytearray()
    for index in range(RATE * SECONDS):
        at = index / RATE
        note = NOTES[int(at / SYLLABLE_SECONDS) % len(NOTES)]
        swell = math.sin(math.pi * (at % SYLLABLE_SECONDS) / SYLLABLE_SECONDS)
        value = LOUDNESS * swell * math.sin(2 * math.pi * note * at)
        samples += struct.pack("<h", int(32_767 * value))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(samples))
    return path
