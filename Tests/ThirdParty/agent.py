"""Talks to a realtime agent with the official `openai` client; every event it hears must be of the SDK's types.

Usage: agent.py --url ws://HOST:PORT/v1 [--wav FILE --transcript WORDS] [--goodbye WORDS] [--model NAME] [--key KEY]
--wav: 8 kHz 16-bit mono speech the agent can understand; --transcript: words its transcript must hold.
--goodbye: what a caller says to make the agent call the tool `end_call`.
"""
import argparse
import asyncio
import base64
import json

from openai import AsyncOpenAI
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from shapes import extras
from speech import mulaw, speech
from verdict import Verdict

arguments = argparse.ArgumentParser(usage=__doc__)
arguments.add_argument("--url", required=True)
arguments.add_argument("--wav", default="/usr/share/asterisk/sounds/en_US_f_Allison/vm-goodbye.wav")
arguments.add_argument("--transcript", default="goodbye")
arguments.add_argument("--goodbye", default="goodbye")
arguments.add_argument("--model", default="local")
arguments.add_argument("--key", default="none")
given = arguments.parse_args()
verdict = Verdict()
# Seen from the real service, and missing in the SDK's type.
BEYOND_THE_SDK = {".session.id", ".session.object", ".session.expires_at"}
adapter = TypeAdapter(RealtimeServerEvent)


class Conversation:
    """One connection; keeps what was heard and checks each event's shape."""

    def __init__(self, connection):
        self.connection, self.heard, self.ids = connection, [], set()

    async def next(self, timeout=10):
        raw = json.loads(await asyncio.wait_for(self.connection.recv_bytes(), timeout))
        kind = raw.get("type")
        try:
            event = adapter.validate_python(raw, strict=False)
            if event.type != kind:
                verdict.check(f"event {kind}", False, f"taken for {event.type}")
            elif unknown := set(extras(event)) - BEYOND_THE_SDK:
                verdict.check(f"event {kind} has no field the SDK does not know", False, unknown)
        except Exception as error:
            verdict.check(f"event {kind} is of the SDK's types", False, f"{error} in {str(raw)[:500]}")
            event = self.connection.parse_event(json.dumps(raw))
        if raw.get("event_id") in self.ids or not raw.get("event_id"):
            verdict.check(f"event {kind} has an id of its own", False, raw.get("event_id"))
        self.ids.add(raw.get("event_id"))
        self.heard.append(event)
        return event

    async def until(self, *kinds, timeout=15):
        """Hears on until one of these kinds; returns it."""
        async def hear():
            while True:
                event = await self.next(timeout)
                if event.type in kinds:
                    return event
        try:
            return await asyncio.wait_for(hear(), timeout)
        except asyncio.TimeoutError:
            verdict.check(f"heard {' or '.join(kinds)}", False, f"last heard {[e.type for e in self.heard[-8:]]}")
            raise

    async def quiet(self, seconds, *kinds):
        """True when none of these kinds is heard for a while."""
        end = asyncio.get_running_loop().time() + seconds
        while (rest := end - asyncio.get_running_loop().time()) > 0:
            try:
                if (await self.next(rest)).type in kinds:
                    return False
            except asyncio.TimeoutError:
                break
        return True

    async def configure(self, audio="audio/pcmu", **detection):
        form = {"type": audio, "rate": 24000} if audio == "audio/pcm" else {"type": audio}
        await self.connection.send({"type": "session.update", "session": {
            "type": "realtime", "output_modalities": ["audio"], "instructions": "You answer the telephone.",
            "audio": {"input": {"format": form, "transcription": {"model": "gpt-4o-mini-transcribe"},
                                "turn_detection": dict({"type": "server_vad", "create_response": False,
                                                        "interrupt_response": False}, **detection)},
                      "output": {"format": form, "voice": "marin"}},
            "tools": [{"type": "function", "name": "end_call", "description": "Hangs up.",
                       "parameters": {"type": "object", "properties": {}}}], "tool_choice": "auto"}})
        return (await self.until("session.updated")).session

    async def say(self, samples, silence_milliseconds=1200):
        """Sends speech and the silence after it as 20 ms of mu-law, a little faster than it would be spoken."""
        audio = mulaw(samples) + b"\xff" * (8 * silence_milliseconds)
        for i in range(0, len(audio), 160):
            await self.connection.send({"type": "input_audio_buffer.append",
                                        "audio": base64.b64encode(audio[i:i + 160]).decode()})
            await asyncio.sleep(0.01)

    async def text(self, words):
        await self.connection.send({"type": "conversation.item.create", "item": {
            "type": "message", "role": "user", "content": [{"type": "input_text", "text": words}]}})
        return (await self.until("conversation.item.added", "conversation.item.created")).item

    async def answer(self):
        """Asks for a response and hears it to its end; returns its events."""
        start = len(self.heard)
        await self.connection.send({"type": "response.create"})
        await self.until("response.done", timeout=30)
        return self.heard[start:]


def of(events, kind):
    return [event for event in events if event.type == kind]


def audio_of(events):
    return b"".join(base64.b64decode(event.delta, validate=True) for event in of(events, "response.output_audio.delta"))


async def spoken_turn(connection):
    it = Conversation(connection)
    first = await it.next()
    verdict.check("session.created comes first", first.type == "session.created", first.type)
    session = await it.configure()
    told = json.loads(session.model_dump_json())
    verdict.check("the session repeats the formats", told["audio"]["input"]["format"]["type"] == "audio/pcmu"
                  and told["audio"]["output"]["format"]["type"] == "audio/pcmu", told.get("audio"))
    verdict.check("the session repeats turn detection", told["audio"]["input"]["turn_detection"]["create_response"] is False, told)
    verdict.check("the session has an id", bool(told.get("id")), told)

    await it.say(speech(given.wav))
    started = await it.until("input_audio_buffer.speech_started")
    stopped = await it.until("input_audio_buffer.speech_stopped")
    committed = await it.until("input_audio_buffer.committed")
    verdict.check("speech starts before it stops", started.audio_start_ms < stopped.audio_end_ms,
                  f"{started.audio_start_ms} {stopped.audio_end_ms}")
    verdict.check("one item for the utterance", started.item_id == stopped.item_id == committed.item_id)
    transcript = await it.until("conversation.item.input_audio_transcription.completed", timeout=30)
    verdict.check("the transcript belongs to the utterance", transcript.item_id == committed.item_id)
    verdict.check(f"the transcript holds '{given.transcript}'",
                  given.transcript.lower() in transcript.transcript.lower(), transcript.transcript)
    added = [e for e in it.heard if e.type in ("conversation.item.added", "conversation.item.created")]
    verdict.check("the utterance became an item", committed.item_id in [e.item.id for e in added])
    verdict.check("create_response false is honoured", not of(it.heard, "response.created")
                  and await it.quiet(0.5, "response.created"))

    await connection.send({"type": "conversation.item.delete", "item_id": committed.item_id})
    deleted = await it.until("conversation.item.deleted")
    verdict.check("an item is deleted", deleted.item_id == committed.item_id)


async def answers(connection):
    it = Conversation(connection)
    await it.next()
    await it.configure()
    await it.text("Hello")
    events = await it.answer()
    kinds = [event.type for event in events]
    order = ["response.created", "response.output_item.added", "response.content_part.added", "response.output_audio.delta",
             "response.output_audio.done", "response.content_part.done", "response.output_item.done", "response.done"]
    places = [kinds.index(kind) if kind in kinds else -1 for kind in order]
    verdict.check("a response's events come in order", -1 not in places and places == sorted(places), list(zip(order, places)))
    done = events[-1].response
    verdict.check("the response is completed", done.status == "completed", done.status)
    audio = audio_of(events)
    verdict.check("there is speech", len(audio) > 1600, len(audio))
    verdict.check("it is mu-law, not silence", len(set(audio)) > 20, len(set(audio)))
    words = "".join(event.delta for event in of(events, "response.output_audio_transcript.delta"))
    final = of(events, "response.output_audio_transcript.done")
    verdict.check("the transcript's pieces make its whole", len(final) == 1 and final[0].transcript == words and words, words)
    verdict.check("the response holds its item", any(item.type == "message" for item in done.output), done.output)
    item = next(item.id for item in done.output if item.type == "message")
    milliseconds = len(audio) // 8

    await connection.send({"type": "conversation.item.truncate", "event_id": "cut-1", "item_id": item, "content_index": 0,
                           "audio_end_ms": milliseconds + 5000})
    error = await it.until("error")
    verdict.check("a truncation past the end is an error", error.error.event_id == "cut-1", error)
    await connection.send({"type": "conversation.item.truncate", "item_id": item, "content_index": 0,
                           "audio_end_ms": milliseconds // 2})
    truncated = await it.until("conversation.item.truncated")
    verdict.check("an item is truncated", (truncated.item_id, truncated.audio_end_ms) == (item, milliseconds // 2), truncated)

    await it.text("Hello")
    start = len(it.heard)
    await connection.send({"type": "response.create"})
    created = await it.until("response.created")
    await connection.send({"type": "response.create", "event_id": "second-1"})
    await connection.send({"type": "response.cancel", "response_id": created.response.id})
    end = await it.until("response.done", timeout=30)
    # Speech is made faster than it is heard: the response may have been whole when the cancel arrived.
    verdict.check("a cancelled response is done", end.response.id == created.response.id
                  and end.response.status in ("cancelled", "completed"), end.response.status)
    await it.quiet(0.3)
    after = it.heard[it.heard.index(end) + 1:]
    verdict.check("nothing of it comes after", not [e for e in after if getattr(e, "response_id", None) == created.response.id],
                  [e.type for e in after])
    errors = [e.error.event_id for e in of(it.heard[start:], "error")]
    verdict.check("a second response at the same time is an error", "second-1" in errors or end.response.status == "completed", errors)


async def tools(connection):
    it = Conversation(connection)
    await it.next()
    await it.configure()
    await it.text(given.goodbye)
    events = await it.answer()
    calls = [e.item for e in of(events, "response.output_item.done") if e.item.type == "function_call"]
    if verdict.check("saying goodbye calls end_call", [c.name for c in calls] == ["end_call"],
                     [(e.type, getattr(e, "transcript", "")) for e in events][-12:]):
        call = calls[0]
        whole = of(events, "response.function_call_arguments.done")
        verdict.check("its arguments are JSON and told twice alike", len(whole) == 1 and whole[0].call_id == call.call_id
                      and whole[0].arguments == call.arguments and isinstance(json.loads(call.arguments), dict), whole)
        verdict.check("the response lists the call", call.call_id in
                      [getattr(item, "call_id", None) for item in events[-1].response.output])
        await connection.send({"type": "conversation.item.create", "item": {
            "type": "function_call_output", "call_id": call.call_id, "output": '{"ok":true}'}})
        output = await it.until("conversation.item.added", "conversation.item.created")
        verdict.check("the tool's output is an item", output.item.type == "function_call_output", output.item)
        done = (await it.answer())[-1].response
        verdict.check("a response follows the tool's output", done.status == "completed", done.status)


async def faults(connection):
    it = Conversation(connection)
    await it.next()
    await it.configure()
    for name, event in [
        ("an unknown type", {"type": "nonsense"}),
        ("no item to truncate", {"type": "conversation.item.truncate", "item_id": "none", "content_index": 0, "audio_end_ms": 1}),
        ("no item to delete", {"type": "conversation.item.delete", "item_id": "none"}),
        ("nothing to commit", {"type": "input_audio_buffer.commit"}),
        ("nothing to cancel", {"type": "response.cancel"}),
        ("audio that is not base64", {"type": "input_audio_buffer.append", "audio": "%%%"}),
        ("a truncation without its item", {"type": "conversation.item.truncate"}),
        ("an impossible rate", {"type": "session.update", "session": {"type": "realtime", "audio": {
            "input": {"format": {"type": "audio/pcm", "rate": 16000}}}}}),
    ]:
        identifier = "bad-" + name.replace(" ", "-")
        await connection.send(dict(event, event_id=identifier))
        error = await it.until("error")
        verdict.check(f"{name} is an error naming its event", error.error.event_id == identifier and error.error.message
                      and error.error.type, error)
    await connection._connection.send("{not json")
    error = await it.until("error")
    verdict.check("broken JSON is an error", error.error.type == "invalid_request_error", error)
    await connection.send({"type": "input_audio_buffer.clear"})
    verdict.check("after all that the session goes on", (await it.until("input_audio_buffer.cleared")) is not None)


async def by_itself(connection):
    """The server takes turns by itself when asked to; 24 kHz PCM out."""
    it = Conversation(connection)
    await it.next()
    await it.configure(create_response=True, interrupt_response=True)
    await it.say(speech(given.wav))
    created = await it.until("response.created", timeout=30)
    done = await it.until("response.done", timeout=30)
    verdict.check("create_response true answers by itself", done.response.id == created.response.id)


async def wide(connection):
    it = Conversation(connection)
    await it.next()
    await it.configure("audio/pcm")
    await it.text("Hello")
    events = await it.answer()
    audio = audio_of(events)
    verdict.check("24 kHz PCM comes in whole samples", len(audio) > 4800 and all(
        len(base64.b64decode(e.delta)) % 2 == 0 for e in of(events, "response.output_audio.delta")), len(audio))
    samples = memoryview(audio[:len(audio) // 2 * 2]).cast("h")
    verdict.check("it is speech, not noise or silence", 300 < max(abs(s) for s in samples), max(abs(s) for s in samples))


async def main():
    client = AsyncOpenAI(api_key=given.key, base_url="http://unused.invalid", websocket_base_url=given.url)
    for part in (spoken_turn, answers, tools, faults, by_itself, wide):
        try:
            async with client.realtime.connect(model=given.model) as connection:
                await part(connection)
                verdict.check(f"{part.__name__} to its end", True)
        except Exception as error:
            verdict.check(f"{part.__name__} to its end", False, f"{type(error).__name__}: {error}")


asyncio.run(main())
verdict.finish()
