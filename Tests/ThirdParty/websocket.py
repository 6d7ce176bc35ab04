"""Autobahn's cases against an echo server or an echo client of ours, then the `websockets` library as an ordinary peer.

Usage: websocket.py --server ws://HOST:PORT/PATH [--limit BYTES] [--largest BYTES] [--only TEXT]
       websocket.py --client 'COMMAND with {url}' [--limit BYTES] [--largest BYTES] [--only TEXT]
The server echoes every message; the client command connects once to the URL, echoes every message and ends.
--limit: the longest ordinary message sent (65536). --largest: one byte more must be refused (the limit).
"""
import argparse
import asyncio
import os
import shlex
import socket
import struct
import subprocess
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from verdict import Verdict
from websocket_cases import BYE, CLOSE, CONTINUATION, PONG, TEXT, cases, f
from websocket_peer import Peer, UNVERIFIED, accept_server, dial, head_of, open_client

arguments = argparse.ArgumentParser(usage=__doc__)
arguments.add_argument("--server")
arguments.add_argument("--client")
arguments.add_argument("--limit", type=int, default=65536)
arguments.add_argument("--largest", type=int)
arguments.add_argument("--only", default="")
given = arguments.parse_args()
given.largest = given.largest or given.limit
verdict = Verdict()


def drive(peer, steps, expected, codes):
    """Runs one case; returns what is wrong with it, or nothing."""
    complete = threading.Event()
    if not expected:
        complete.set()

    def write():
        try:
            for step in steps:
                if step is BYE:
                    complete.wait(5)  # An echo may be on its way still when the close frame is read.
                peer.run(step)
        except OSError:
            pass  # The other side has had enough: what it said tells whether rightly.

    writer = threading.Thread(target=write)
    writer.start()
    heard, message, kind = [], b"", None
    try:
        while True:
            fin, opcode, payload = peer.hear()
            if opcode == CLOSE:
                if len(payload) == 1:
                    raise ValueError("a close frame with one byte")
                code = struct.unpack(">H", payload[:2])[0] if payload else None
                payload[2:].decode("utf-8")
                break
            if opcode in (9, PONG):
                if opcode == PONG:
                    heard.append((opcode, payload))
                    if len(heard) == len(expected):
                        complete.set()
                continue
            if (opcode == CONTINUATION) == (kind is None):
                return "its fragments are out of order"
            kind = kind if opcode == CONTINUATION else opcode
            message += payload
            if fin:
                heard.append((kind, message))
                message, kind = b"", None
                if len(heard) == len(expected):
                    complete.set()
        if heard != expected:
            return f"heard {str(heard)[:200]}, expected {str(expected)[:200]}"
        if code not in codes:
            return f"closed with {code}, expected {codes}"
        return ends(peer)
    except ValueError as error:
        return f"it broke the protocol: {error}"
    except (EOFError, ConnectionError, socket.timeout) as error:
        return f"{type(error).__name__} after {str(heard)[:200]}, expected {str(expected)[:200]} and close {codes}"
    finally:
        complete.set()
        peer.connection.close()
        writer.join()


def ends(peer):
    """After the close frames the connection must go, with nothing more said."""
    if not peer.is_client:
        # The server closes first (RFC 6455, section 7.1.1).
        return None
    try:
        peer.read(1)
        return "it spoke after its close frame"
    except (EOFError, ConnectionError):
        return None
    except socket.timeout:
        return "it left the connection open"


def against_server():
    url = urllib.parse.urlsplit(given.server)
    path, secure = url.path or "/", url.scheme == "wss"
    for name, steps, expected, codes in cases(given.limit, given.largest):
        if given.only not in name:
            continue
        try:
            wrong = drive(open_client(url.hostname, url.port, path, secure=secure), steps, expected, codes)
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        verdict.check(name, wrong is None, wrong)
    if not given.only:
        handshakes(url.hostname, url.port, path, secure)
        asyncio.run(library(given.server))


def handshakes(host, port, path, secure):
    probe = Peer(socket.socket(), True)
    early = probe.frame(TEXT, b"early") + probe.frame(CLOSE, struct.pack(">H", 1000))
    probe.connection.close()
    wrong = drive(open_client(host, port, path, early=early, secure=secure), [], [(TEXT, b"early")], {1000})
    verdict.check("frames written together with the request are heard", wrong is None, wrong)

    good = {"Host": "a", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13"}

    def answer(start, fields, chop=None, raw=None):
        request = raw or (start + "\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items() if v is not None) + "\r\n").encode()
        connection = dial(host, port, secure)
        try:
            for i in range(0, len(request), chop or len(request)):
                connection.sendall(request[i:i + (chop or len(request))])
            head, _ = head_of(connection)
            return int(head.split(" ")[1]), head
        except (EOFError, ConnectionError) as error:
            return 0, str(error)
        finally:
            connection.close()

    get = f"GET {path} HTTP/1.1"
    for name, start, change, statuses in [
        ("the RFC's example", get, {}, {101}),
        ("tokens in lists and any case", get, {"Connection": "keep-alive, uPGRADE", "Upgrade": "WebSocket"}, {101}),
        ("an offered extension and subprotocol are not agreed", get,
         {"Sec-WebSocket-Extensions": "permessage-deflate", "Sec-WebSocket-Protocol": "chat"}, {101}),
        ("version 8", get, {"Sec-WebSocket-Version": "8"}, {426}),
        ("no version", get, {"Sec-WebSocket-Version": None}, {426}),
        ("no key", get, {"Sec-WebSocket-Key": None}, {400}),
        ("a short key", get, {"Sec-WebSocket-Key": "dGhlIHNhbXBsZQ=="}, {400}),
        ("no Connection: upgrade", get, {"Connection": "keep-alive"}, {400}),
        ("no Host", get, {"Host": None}, {400}),
        ("a POST", f"POST {path} HTTP/1.1", {}, {400, 405}),
        ("HTTP/1.0", f"GET {path} HTTP/1.0", {}, {400, 426, 505}),
        ("HTTP/2.0", f"GET {path} HTTP/2.0", {}, {505}),
        ("both lengths", get, {"Content-Length": "1", "Transfer-Encoding": "chunked"}, {400}),
        ("a folded header", get, {"X": "1\r\n 2"}, {400}),
        ("a huge header", get, {"X": "1" * 20000}, {431}),
    ]:
        status, head = answer(start, dict(good, **change))
        verdict.check(f"handshake: {name}", status in statuses, f"{status}, expected {statuses}: {head[:200]}")
        if status == 101:
            lower = head.lower()
            verdict.check(f"handshake: {name}: accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head)
            verdict.check(f"handshake: {name}: nothing agreed", "sec-websocket-extensions" not in lower
                          and "sec-websocket-protocol" not in lower, head)
        if status == 426:
            verdict.check(f"handshake: {name}: names 13", "sec-websocket-version: 13" in head.lower(), head)
    status, head = answer(get, good, chop=1)
    verdict.check("handshake: byte by byte", status == 101, head)
    for name, raw in [("TLS at a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), ("zeros", b"\x00" * 64),
                      ("an LF alone", b"GET / HTTP/1.1\nHost: a\n\n")]:
        status, head = answer("", {}, raw=raw)
        verdict.check(f"garbage: {name}", status in (0, 400), f"{status} {head[:100]}")


async def library(url):
    """An ordinary, independent peer: offers compression, fragments, pings, closes."""
    import websockets

    async with websockets.connect(url, max_size=None, ping_interval=None,
                                  **({"ssl": UNVERIFIED} if url.startswith("wss:") else {})) as socket_:
        verdict.check("websockets: no extension agreed", not socket_.protocol.extensions, socket_.protocol.extensions)
        for message in ["", "שלום 🙂", "*" * given.limit, b"", bytes(range(256)) * (given.limit // 256)]:
            await socket_.send(message)
            heard = await asyncio.wait_for(socket_.recv(), 10)
            verdict.check(f"websockets: echo of {type(message).__name__} {len(message)}", heard == message, str(heard)[:80])
        await socket_.send(["a", "b", "", "c"])
        verdict.check("websockets: fragments", await asyncio.wait_for(socket_.recv(), 10) == "abc")
        verdict.check("websockets: pong", await asyncio.wait_for(await socket_.ping(b"x"), 10) >= 0)
        await socket_.close(4001, "bye")
        verdict.check("websockets: close", socket_.close_code == 4001, socket_.close_code)


def against_client():
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"ws://127.0.0.1:{listener.getsockname()[1]}/case"
    for name, steps, expected, codes in cases(given.limit, given.largest):
        if given.only not in name:
            continue
        command = [part.replace("{url}", url) for part in shlex.split(given.client)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            peer, _ = accept_server(listener)
            wrong = drive(peer, steps, expected, codes)
            process.wait(timeout=10)
            if wrong is None and process.returncode < 0:
                wrong = f"died of signal {-process.returncode}"
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stderr.close()
        verdict.check(f"client {name}", wrong is None, wrong)


if bool(given.server) == bool(given.client):
    arguments.error("one of --server and --client is needed")
against_server() if given.server else against_client()
verdict.finish()
