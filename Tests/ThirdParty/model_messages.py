"""Validates messages our client sends to a realtime model against the event types of the official `openai` SDK.

Usage: model_messages.py DIRECTORY   (one JSON message per *.json file)
"""
import json
import pathlib
import sys

from openai.types.realtime import RealtimeClientEvent
from pydantic import TypeAdapter

from shapes import extras
from verdict import Verdict


EXPECTED = {
    "session.update", "input_audio_buffer.append", "input_audio_buffer.commit", "input_audio_buffer.clear",
    "conversation.item.create", "conversation.item.delete", "conversation.item.truncate", "response.create",
    "response.cancel",
}

verdict = Verdict()
adapter = TypeAdapter(RealtimeClientEvent)
seen = set()
files = sorted(pathlib.Path(sys.argv[1]).glob("*.json")) if len(sys.argv) == 2 else sys.exit(__doc__)
for file in files:
    message = json.loads(file.read_text(encoding="utf-8"))
    try:
        event = adapter.validate_python(message, strict=True)
    except Exception as error:
        verdict.check(file.name, False, error)
        continue
    # A union may have taken another member than the one its `type` names.
    verdict.check(file.name, event.type == message["type"], f"taken for {event.type}")
    unknown = list(extras(event))
    verdict.check(f"{file.name} has no field the SDK does not know", not unknown, unknown)
    kept = json.loads(event.model_dump_json(by_alias=True, exclude_unset=True))
    verdict.check(f"{file.name} means to the SDK what it says", kept == message, f"{kept} is not {message}")
    seen.add(message["type"])
verdict.check("every kind of message was there", EXPECTED <= seen, sorted(EXPECTED - seen))
verdict.finish()
