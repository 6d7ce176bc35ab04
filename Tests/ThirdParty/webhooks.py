"""Plays Twilio against a running service, with the official `twilio` SDK's validator signing and its TwiML types to compare.

Usage: webhooks.py --base-url http://HOST:PORT --auth-token TOKEN --to NUMBER
                   [--public-url https://NAME] [--account-sid AC...] [--from NUMBER]
--public-url: what the service believes its public address to be; signatures are computed over it. Default: the base URL.
"""
import argparse
import base64
import http.client
import os
import socket
import ssl
import urllib.parse
import uuid
import xml.etree.ElementTree as ElementTree

from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Connect, VoiceResponse

from verdict import Verdict

arguments = argparse.ArgumentParser(usage=__doc__)
arguments.add_argument("--base-url", required=True)
arguments.add_argument("--public-url")
arguments.add_argument("--auth-token", required=True)
arguments.add_argument("--account-sid", default="AC" + "0" * 32)
arguments.add_argument("--to", default="+15005550006")
arguments.add_argument("--from", dest="caller", default="+15005550001")
given = arguments.parse_args()
base = urllib.parse.urlsplit(given.base_url)
public = (given.public_url or given.base_url).rstrip("/")
validator = RequestValidator(given.auth_token)
verdict = Verdict()
unverified = ssl._create_unverified_context()  # A test's certificate is signed by nobody.


def post(path, form, signature="right", headers={}, url=None):
    """A webhook as Twilio sends it: form-encoded, signed over the public URL and the form."""
    right = validator.compute_signature(url or public + path, form)
    sent = dict({"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}, **headers)
    if signature == "right":
        sent["X-Twilio-Signature"] = right
    elif signature is not None:
        sent["X-Twilio-Signature"] = signature
    kind = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
    context = {"context": unverified} if base.scheme == "https" else {}
    connection = kind(base.hostname, base.port, timeout=10, **context)
    connection.request("POST", path, urllib.parse.urlencode(form), sent)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, response.getheader("Content-Type") or "", body


def upgrade(path, signature):
    """Status of a media stream's opening handshake, and the start of what follows it."""
    raw = socket.create_connection((base.hostname, base.port), timeout=10)
    if base.scheme == "https":
        raw = unverified.wrap_socket(raw, server_hostname=base.hostname)
    host = urllib.parse.urlsplit(public).netloc
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "User-Agent: Twilio.TmeWs/1.0", "Connection: Upgrade",
             "Upgrade: websocket", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode()]
    if signature is not None:
        lines.append("X-Twilio-Signature: " + signature)
    raw.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = raw.recv(4096)
        if not piece:
            break
        answer += piece
    raw.close()
    return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def call_form(**more):
    form = {
        "AccountSid": given.account_sid, "ApiVersion": "2010-04-01", "CallSid": "CA" + uuid.uuid4().hex,
        "CallStatus": "ringing", "Called": given.to, "Caller": given.caller, "Direction": "inbound",
        "From": given.caller, "To": given.to, "CallerName": "José & שלום +1 / ?", "FromCity": "", "FromZip": "",
    }
    return dict(form, **more)


form = call_form()
status, kind, body = post("/twilio/voice", form)
if verdict.check("a signed voice webhook is answered", status == 200, f"{status} {body[:300]}"):
    verdict.check("TwiML is sent as XML", kind.split(";")[0] in ("text/xml", "application/xml"), kind)
    root = ElementTree.fromstring(body)
    stream = root.find("./Connect/Stream")
    verdict.check("the answer is a <Response>", root.tag == "Response", root.tag)
    if verdict.check("it connects a stream", stream is not None, body):
        # The SDK's own types, given the same values, must come to the same document.
        connect_element = root.find("Connect")
        twin = VoiceResponse()
        verb = Connect(**{k if k != "from" else "from_": v for k, v in connect_element.attrib.items()})
        names = {"statusCallback": "status_callback", "statusCallbackMethod": "status_callback_method",
                 "connectorName": "connector_name", "audioFormat": "audio_format", "sampleRate": "sample_rate"}
        known = {names.get(k, k): v for k, v in stream.attrib.items()}
        twin_stream = verb.stream(**known)
        for parameter in stream.findall("Parameter"):
            twin_stream.parameter(name=parameter.get("name"), value=parameter.get("value"))
        twin.append(verb)
        ours = ElementTree.tostring(connect_element, encoding="unicode").strip()
        theirs = ElementTree.tostring(ElementTree.fromstring(str(twin)).find("Connect"), encoding="unicode").strip()
        verdict.check("the SDK writes the same TwiML", ElementTree.canonicalize(ours, strip_text=True)
                      == ElementTree.canonicalize(theirs, strip_text=True), f"{ours} is not {theirs}")
        url = urllib.parse.urlsplit(stream.get("url"))
        verdict.check("the stream's URL is absolute ws or wss", url.scheme in ("ws", "wss") and url.netloc, stream.get("url"))
        verdict.check("the stream's URL has no query, which Twilio would drop", not url.query, stream.get("url"))
        secure = urllib.parse.urlunsplit((url.scheme, url.netloc, url.path, "", ""))
        signed = validator.compute_signature(secure, {})
        verdict.check("a stream with a wrong upgrade signature is refused", upgrade(url.path, "AAAA" * 7) == 403)
        verdict.check("a stream with another token is refused",
                      upgrade("/twilio/media/" + "0" * 32, validator.compute_signature(
                          f"{url.scheme}://{url.netloc}/twilio/media/" + "0" * 32, {})) == 403)
        status = upgrade(url.path, signed)
        verdict.check("the stream's signed upgrade is accepted", status == 101, status)

for name, signature in [("a wrong signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8="), ("no signature", None), ("an empty signature", ""),
                        ("a signature that is not base64", "!!"),
                        ("another token's signature", RequestValidator("0" * 32).compute_signature(
                            public + "/twilio/voice", form))]:
    status, _, _ = post("/twilio/voice", form, signature)
    verdict.check(f"{name} gets 403", status == 403, status)
tampered = validator.compute_signature(public + "/twilio/voice", form)
status, _, _ = post("/twilio/voice", dict(form, From="+15005550009"), tampered)
verdict.check("a changed form gets 403", status == 403, status)
status, _, _ = post("/twilio/voice?x=1", form, tampered)
verdict.check("a changed URL gets 403", status == 403, status)
status, _, _ = post("/twilio/voice?a=%20b&c=%C3%A9", call_form())
verdict.check("a query is signed as it stands", status == 200, status)
status, _, _ = post("/twilio/voice", call_form(Empty="", Same="a=b&c", Unicode="א🙂"))
verdict.check("empty, reserved and Unicode values are signed as they were", status == 200, status)

sid = form["CallSid"]
for number, word in enumerate(["ringing", "in-progress", "completed"]):
    update = call_form(CallSid=sid, CallStatus=word, SequenceNumber=str(number), CallbackSource="call-progress-events")
    status, _, body = post("/twilio/status", update)
    verdict.check(f"the status {word} is taken", status in (200, 204), f"{status} {body[:200]}")
status, _, _ = post("/twilio/status", update)
verdict.check("a repeated status is taken", status in (200, 204), status)
status, _, _ = post("/twilio/status", update, "AAAA")
verdict.check("a status with a wrong signature gets 403", status == 403, status)
status, _, body = post("/twilio/voice", call_form(To="+15005559999", Called="+15005559999"), "right")
verdict.check("a number of nobody's is not connected", status in (200, 403, 404) and b"<Stream" not in body, f"{status} {body[:200]}")
verdict.finish()
