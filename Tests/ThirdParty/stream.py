"""A whole call as Twilio's media stream would carry it, by the `websockets` library: greeting, a question, an answer,
goodbye, and the service hangs up by itself.

Usage: stream.py --base-url http://HOST:PORT --auth-token TOKEN --to NUMBER [--public-url https://NAME]
                 [--account-sid AC...] [--sounds DIRECTORY] [--question NAME] [--goodbye NAME]
"""
import argparse
import asyncio
import base64
import json
import time
import urllib.parse
import urllib.request
import uuid
import xml.etree.ElementTree as ElementTree

import websockets
from twilio.request_validator import RequestValidator

from speech import mulaw, speech
from verdict import Verdict

arguments = argparse.ArgumentParser(usage=__doc__)
arguments.add_argument("--base-url", required=True)
arguments.add_argument("--public-url")
arguments.add_argument("--auth-token", required=True)
arguments.add_argument("--account-sid", default="AC" + "0" * 31 + "1")
arguments.add_argument("--to", required=True)
arguments.add_argument("--sounds", default="/usr/share/asterisk/sounds/en_US_f_Allison")
arguments.add_argument("--question", default="info-about-last-call")
arguments.add_argument("--goodbye", default="vm-goodbye")
given = arguments.parse_args()
public = (given.public_url or given.base_url).rstrip("/")
base = urllib.parse.urlsplit(given.base_url)
validator = RequestValidator(given.auth_token)
verdict = Verdict()


class Line:
    """The carrier's side of one stream: a clock, a playout buffer, and what was said."""

    def __init__(self, socket, call):
        self.socket, self.call, self.stream = socket, call, "MZ" + uuid.uuid4().hex
        self.sequence, self.chunk, self.started = 0, 0, time.monotonic()
        self.speech = b""  # What the caller is saying and has not yet said.
        self.heard, self.marks, self.kinds = b"", [], {}
        self.play_until = time.monotonic()
        self.closed = asyncio.Event()

    async def send(self, event, **fields):
        self.sequence += 1
        await self.socket.send(json.dumps(dict({"event": event, "sequenceNumber": str(self.sequence),
                                                "streamSid": self.stream}, **fields)))

    async def talk(self):
        """20 ms of caller every 20 ms, silence when there is nothing to say."""
        await self.socket.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        await self.send("start", start={"accountSid": given.account_sid, "streamSid": self.stream, "callSid": self.call,
                                        "tracks": ["inbound"], "customParameters": {},
                                        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}})
        next_tick = time.monotonic()
        while not self.closed.is_set():
            frame, self.speech = self.speech[:160], self.speech[160:]
            self.chunk += 1
            await self.send("media", media={"track": "inbound", "chunk": str(self.chunk), "timestamp": str(self.chunk * 20),
                                            "payload": base64.b64encode(frame.ljust(160, b"\xff")).decode()})
            next_tick += 0.02
            await asyncio.sleep(max(next_tick - time.monotonic(), 0))

    async def listen(self):
        async for text in self.socket:
            message = json.loads(text)
            kind = message["event"]
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            if not isinstance(text, str) or message.get("streamSid") != self.stream:
                verdict.check("messages are text and name the stream", False, text[:200])
            if kind == "media":
                audio = base64.b64decode(message["media"]["payload"], validate=True)
                self.heard += audio
                self.play_until = max(self.play_until, time.monotonic()) + len(audio) / 8000
            elif kind == "mark":
                self.marks.append(asyncio.create_task(self.echo(message["mark"]["name"], self.play_until)))
            elif kind == "clear":
                self.play_until = time.monotonic()
            else:
                verdict.check(f"the kind {kind} may be sent to a carrier", False, text[:200])
        self.closed.set()

    async def echo(self, name, when):
        await asyncio.sleep(max(min(when, self.play_until) - time.monotonic(), 0))
        if not self.closed.is_set():
            await self.send("mark", mark={"name": name})

    async def quiet(self, least, timeout=30):
        """Until at least so many bytes more were heard and all of them were played; false when that does not come."""
        begun, end = len(self.heard), time.monotonic() + timeout
        while time.monotonic() < end and not self.closed.is_set():
            if len(self.heard) - begun >= least and self.play_until + 0.3 < time.monotonic():
                return True
            await asyncio.sleep(0.05)
        return False


async def main():
    call = "CA" + uuid.uuid4().hex
    form = {"AccountSid": given.account_sid, "CallSid": call, "CallStatus": "ringing", "Direction": "inbound",
            "From": "+15005550100", "To": given.to}
    request = urllib.request.Request(given.base_url.rstrip("/") + "/twilio/voice", urllib.parse.urlencode(form).encode(), {
        "X-Twilio-Signature": validator.compute_signature(public + "/twilio/voice", form)})
    twiml = ElementTree.fromstring(await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=10).read()))
    url = twiml.find("./Connect/Stream").get("url")
    near = urllib.parse.urlsplit(url)._replace(scheme="ws" if base.scheme == "http" else "wss", netloc=base.netloc).geturl()
    async with websockets.connect(near, compression=None, ping_interval=None, user_agent_header="Twilio.TmeWs/1.0",
                                  additional_headers={"X-Twilio-Signature": validator.compute_signature(url, {})}) as socket:
        line = Line(socket, call)
        tasks = [asyncio.create_task(line.talk()), asyncio.create_task(line.listen())]
        verdict.check("a greeting is heard", await line.quiet(4000), line.kinds)
        verdict.check("it is speech", len(set(line.heard)) > 40, len(set(line.heard)))
        verdict.check("it is marked", line.kinds.get("mark", 0) > 0, line.kinds)
        line.speech = mulaw(speech(f"{given.sounds}/{given.question}.wav"))
        verdict.check("a question is answered", await line.quiet(4000), line.kinds)
        line.speech = mulaw(speech(f"{given.sounds}/{given.goodbye}.wav"))
        before = len(line.heard)
        try:
            await asyncio.wait_for(line.closed.wait(), 40)
        except asyncio.TimeoutError:
            pass
        verdict.check("goodbye is said back", len(line.heard) - before > 4000, len(line.heard) - before)
        verdict.check("after it the service hangs up", line.closed.is_set(), line.kinds)
        verdict.check("not before it was heard", line.play_until < time.monotonic() + 0.1, line.play_until - time.monotonic())
        verdict.check("properly", socket.close_code in (1000, 1001), socket.close_code)
        line.closed.set()
        for task in tasks + line.marks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            verdict.check("nothing was sent wrongly", not isinstance(result, Exception) or isinstance(
                result, (websockets.ConnectionClosed, asyncio.CancelledError)), repr(result))


asyncio.run(main())
verdict.finish()
