"""One raw WebSocket peer, right or wrong as the case wants it."""
import base64
import hashlib
import os
import select
import socket
import ssl
import struct
import threading
import time

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def mask(key, payload):
    stream = (key * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(payload), "big")


class Peer:
    def __init__(self, connection, is_client, early=b""):
        self.connection, self.is_client, self.buffer = connection, is_client, bytearray(early)

    def frame(self, opcode, payload, fin=True, rsv=0, form=None, length=None, flip_mask=False):
        length = len(payload) if length is None else length
        form = form or (length if length < 126 else 126 if length < 65536 else 127)
        masked = self.is_client != flip_mask
        head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode, (0x80 if masked else 0) | form])
        if form == 126:
            head += struct.pack(">H", length)
        elif form == 127:
            head += struct.pack(">Q", length)
        if not masked:
            return head + payload
        key = os.urandom(4)
        return head + key + mask(key, payload)

    def run(self, step):
        """Writes one step."""
        if step[0] == "pause":
            time.sleep(step[1])
        elif step[0] == "frame":
            self.connection.sendall(self.frame(step[1], step[2], **step[3]))
        elif step[0] == "together":
            self.connection.sendall(b"".join(self.frame(s[1], s[2], **s[3]) for s in step[1]))
        elif step[0] == "cut":
            data = self.frame(step[1][1], step[1][2], **step[1][3])
            self.connection.sendall(data[:len(data) - step[2]])
        elif step[0] == "chop":
            data = self.frame(step[1][1], step[1][2], **step[1][3])
            for i in range(0, len(data), step[2]):
                self.connection.sendall(data[i:i + step[2]])

    def read(self, count):
        while len(self.buffer) < count:
            piece = self.connection.recv(1 << 20)
            if not piece:
                raise EOFError
            self.buffer += piece
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def hear(self):
        """The next frame: fin, opcode, payload. Raises ValueError when it is not what RFC 6455 allows the other side."""
        first, second = self.read(2)
        if first & 0x70:
            raise ValueError("reserved bits set")
        if bool(second & 0x80) == self.is_client:
            raise ValueError("masked by the wrong side")
        length = second & 0x7F
        if length == 126:
            length = struct.unpack(">H", self.read(2))[0]
            if length < 126:
                raise ValueError("length not minimal")
        elif length == 127:
            length = struct.unpack(">Q", self.read(8))[0]
            if length < 65536:
                raise ValueError("length not minimal")
        key = self.read(4) if second & 0x80 else None
        payload = self.read(length)
        if key:
            payload = mask(key, payload)
        if first & 8 and (length > 125 or not first & 0x80):
            raise ValueError("a control frame too long or fragmented")
        return bool(first & 0x80), first & 0x0F, payload


def head_of(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise EOFError(f"closed after {data!r}")
        data += piece
    head, early = data.split(b"\r\n\r\n", 1)
    return head.decode(), early


UNVERIFIED = ssl._create_unverified_context()  # A test's certificate is signed by nobody.


def dial(host, port, secure, timeout=10):
    connection = socket.create_connection((host, port), timeout=timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not secure:
        return connection
    near, far = socket.socketpair()
    near.settimeout(timeout)
    tls = UNVERIFIED.wrap_socket(connection, server_hostname=host)
    threading.Thread(target=carry, args=(far, tls), daemon=True).start()
    return near


def carry(plain, tls):
    """Moves bytes between a case, which writes and reads at once, and a TLS connection, which only one thread may touch."""
    tls.setblocking(False)
    plain.setblocking(False)
    outgoing, incoming, is_open = b"", b"", True
    try:
        while True:
            readable = ([plain] if is_open and not outgoing else []) + ([tls] if not incoming else [])
            select.select(readable, ([tls] if outgoing else []) + ([plain] if incoming else []), [], 0.05)
            try:
                if not outgoing and is_open:
                    outgoing = plain.recv(16384)
                    is_open = outgoing != b""
            except BlockingIOError:
                pass
            try:
                if outgoing:
                    outgoing = outgoing[tls.send(outgoing):]
                elif not is_open:
                    return
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            except OSError:
                outgoing, is_open = b"", True  # The other side has had enough; what it said is still to be read.
            try:
                if not incoming:
                    incoming = tls.recv(16384)
                    if not incoming:
                        return
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            try:
                if incoming:
                    incoming = incoming[plain.send(incoming):]
            except BlockingIOError:
                pass
    except OSError:
        pass
    finally:
        plain.close()
        tls.close()


def open_client(host, port, path="/", early=b"", secure=False):
    """Connects as a client; `early` is written together with the request, before any answer."""
    connection = dial(host, port, secure)
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall((f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode() + early)
    head, rest = head_of(connection)
    if not head.startswith("HTTP/1.1 101"):
        raise ConnectionError(head.splitlines()[0])
    accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
    lines = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in head.splitlines()[1:])}
    if lines.get("sec-websocket-accept") != accept:
        raise ConnectionError(f"Sec-WebSocket-Accept: {lines.get('sec-websocket-accept')}, expected {accept}")
    if "sec-websocket-extensions" in lines or "sec-websocket-protocol" in lines:
        raise ConnectionError("agreed to what was not offered")
    return Peer(connection, True, rest)


def accept_server(listener, timeout=10):
    """Accepts one client and opens the WebSocket towards it."""
    listener.settimeout(timeout)
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(timeout)
    head, rest = head_of(connection)
    lines = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in head.splitlines()[1:])}
    if not head.startswith("GET ") or lines.get("sec-websocket-version") != "13":
        raise ConnectionError(head)
    accept = base64.b64encode(hashlib.sha1((lines["sec-websocket-key"] + GUID).encode()).digest()).decode()
    connection.sendall(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode())
    return Peer(connection, False, rest), head
