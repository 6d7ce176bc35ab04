"""Autobahn's cases, as (name, steps, what must be heard, close codes one of which must end it).

A step is bytes to write, ("frame", opcode, payload, {...}) or ("pause", seconds). Case numbers are Autobahn's.
"""
import struct

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
NORMAL, PROTOCOL, ENCODING, TOO_LARGE = {1000}, {1002}, {1007}, {1009}
BYE = ("frame", CLOSE, struct.pack(">H", 1000), {})


def f(opcode, payload=b"", **options):
    return ("frame", opcode, payload, options)


def chopped(opcode, payload, size, **options):
    return ("chop", f(opcode, payload, **options), size)


def fragments(opcode, payload, size):
    pieces = [payload[i:i + size] for i in range(0, len(payload), size)] or [b""]
    last = len(pieces) - 1
    return [f(opcode if i == 0 else CONTINUATION, piece, fin=i == last) for i, piece in enumerate(pieces)]


VALID_TEXTS = [
    "Hello-µ@ßöäüàá-UTF-8!!", "κόσμε", "\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\uffff",
    "\U00010000", "\U0010ffff", "\ufffe", "\U0001fffe", "\U0001ffff", "\U000fffff", "\U0010fffe", "שלום עולם 🙂",
]
INVALID_TEXTS = [
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80\x65\x64\x69\x74\x65\x64",
    b"\x80", b"\xbf", b"\x80\xbf", b"\x80\xbf\x80\xbf\x80\xbf", bytes(range(0x80, 0xC0)), b"\xc0\x20\xc1\x20", b"\xe0\x20",
    b"\xf0\x20", b"\xf8\x20", b"\xfc\x20", b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xf8\x80\x80\x80", b"\xfe", b"\xff",
    b"\xfe\xfe\xff\xff", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xf8\x80\x80\x80\xaf", b"\xc1\xbf", b"\xe0\x9f\xbf",
    b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80", b"\xd7", b"\xe2\x82", b"\xf0\x9f\x99",
]


def cases(limit, largest):
    """All cases. Messages are up to `limit` bytes; `largest` is the most the one under test takes."""
    yield from lengths(limit)
    yield from pings()
    yield from headers()
    yield from fragmentation()
    yield from texts()
    yield from closes()
    yield from sizes(limit, largest)


def lengths(limit):
    for section, opcode, letter in ((1, TEXT, b"*"), (2, BINARY, b"\xfe")):
        for number, size in enumerate([0, 125, 126, 127, 128, 65535, 65536], 1):
            if size <= limit:
                payload = letter * size
                yield f"1.{section}.{number} of {size}", [f(opcode, payload), BYE], [(opcode, payload)], NORMAL
        payload = letter * min(65536, limit)
        yield f"1.{section}.8 chopped", [chopped(opcode, payload, 997), BYE], [(opcode, payload)], NORMAL


def pings():
    yield "2.1", [f(PING), BYE], [(PONG, b"")], NORMAL
    yield "2.2", [f(PING, b"Hello, world!"), BYE], [(PONG, b"Hello, world!")], NORMAL
    yield "2.3", [f(PING, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"), BYE], [(PONG, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff")], NORMAL
    yield "2.4", [f(PING, b"\xfe" * 125), BYE], [(PONG, b"\xfe" * 125)], NORMAL
    yield "2.5", [f(PING, b"\xfe" * 126)], [], PROTOCOL
    yield "2.6", [chopped(PING, b"\xfe" * 125, 1), BYE], [(PONG, b"\xfe" * 125)], NORMAL
    yield "2.7", [f(PONG), BYE], [], NORMAL
    yield "2.8", [f(PONG, b"unsolicited"), BYE], [], NORMAL
    yield "2.9", [f(PONG, b"unsolicited"), f(PING, b"ping"), BYE], [(PONG, b"ping")], NORMAL
    ten = [b"payload-%d" % i for i in range(10)]
    yield "2.10", [f(PING, p) for p in ten] + [BYE], [(PONG, p) for p in ten], NORMAL
    yield "2.11", [chopped(PING, p, 1) for p in ten] + [BYE], [(PONG, p) for p in ten], NORMAL


def headers():
    hello = f(TEXT, b"Hello, world!")
    heard = [(TEXT, b"Hello, world!")]
    yield "3.1", [f(TEXT, b"Hello", rsv=1)], [], PROTOCOL
    yield "3.2", [hello, f(TEXT, b"Hello", rsv=2), f(PING)], heard, PROTOCOL
    yield "3.3", [hello, f(TEXT, b"Hello", rsv=3), f(PING)], heard, PROTOCOL
    yield "3.4", [hello, chopped(TEXT, b"Hello", 1, rsv=4)], heard, PROTOCOL
    yield "3.5", [f(BINARY, b"\x00\xff", rsv=5)], [], PROTOCOL
    yield "3.6", [f(PING, b"Hello", rsv=6)], [], PROTOCOL
    yield "3.7", [f(CLOSE, b"", rsv=7)], [], PROTOCOL
    for section, opcodes in ((1, range(3, 8)), (2, range(11, 16))):
        for number, opcode in enumerate(opcodes, 1):
            yield f"4.{section}.{number}", [hello, f(opcode, b"x" * (number > 1)), f(PING)], heard, PROTOCOL
    yield "length of 125 in 16 bits", [f(TEXT, b"*" * 125, form=126)], [], PROTOCOL
    yield "length of 5 in 64 bits", [f(TEXT, b"*" * 5, form=127)], [], PROTOCOL
    yield "length with its top bit set", [f(BINARY, b"", form=127, length=1 << 63)], [], PROTOCOL
    yield "the wrong side masks", [f(TEXT, b"Hello", flip_mask=True)], [], PROTOCOL
    yield "the wrong side masks a ping", [f(PING, b"Hello", flip_mask=True)], [], PROTOCOL


def fragmentation():
    a, b = f(TEXT, b"fragment1", fin=False), f(CONTINUATION, b"fragment2")
    both = [(TEXT, b"fragment1fragment2")]
    yield "5.1", [f(PING, b"x", fin=False), f(CONTINUATION, b"y")], [], PROTOCOL
    yield "5.2", [f(PONG, b"x", fin=False), f(CONTINUATION, b"y")], [], PROTOCOL
    yield "5.3", [a, b, BYE], both, NORMAL
    yield "5.5", [("chop", a, 1), ("chop", b, 1), BYE], both, NORMAL
    yield "5.6", [a, f(PING, b"ping"), b, BYE], [(PONG, b"ping")] + both, NORMAL
    yield "5.8", [("chop", a, 1), chopped(PING, b"ping", 1), ("chop", b, 1), BYE], [(PONG, b"ping")] + both, NORMAL
    for number, fin in ((9, True), (10, True), (12, False), (13, False)):
        yield f"5.{number}", [f(CONTINUATION, b"alone", fin=fin), f(TEXT, b"Hello")], [], PROTOCOL
    yield "5.11", [chopped(CONTINUATION, b"alone", 1)], [], PROTOCOL
    yield "5.15", [a, b, f(CONTINUATION, b"alone", fin=False), f(TEXT, b"Hello")], both, PROTOCOL
    yield "5.16", [f(CONTINUATION, b"f1", fin=False), f(TEXT, b"f2", fin=False), f(CONTINUATION, b"f3")] * 2, [], PROTOCOL
    yield "5.18", [a, f(TEXT, b"fragment2")], [], PROTOCOL
    five = fragments(TEXT, b"fragment1fragment2fragment3fragment4fragment5", 9)
    yield "5.19", five[:2] + [f(PING, b"one"), ("pause", 0.05)] + five[2:4] + [f(PING, b"two")] + five[4:] + [BYE], [
        (PONG, b"one"), (PONG, b"two"), (TEXT, b"fragment1fragment2fragment3fragment4fragment5")], NORMAL
    yield "empty fragments", [f(TEXT, b"", fin=False)] + [f(CONTINUATION, b"", fin=False)] * 20 + [f(CONTINUATION), BYE], [
        (TEXT, b"")], NORMAL
    yield "6.1.3", [f(TEXT, b"", fin=False), f(CONTINUATION, b"middle", fin=False), f(CONTINUATION), BYE], [
        (TEXT, b"middle")], NORMAL


def texts():
    for number, text in enumerate(VALID_TEXTS):
        payload = text.encode()
        yield f"6.valid.{number}", [f(TEXT, payload), BYE], [(TEXT, payload)], NORMAL
        yield f"6.valid.{number} in fragments of a byte", fragments(TEXT, payload, 1) + [BYE], [(TEXT, payload)], NORMAL
    for number, payload in enumerate(INVALID_TEXTS):
        yield f"6.invalid.{number}", [f(TEXT, payload)], [], ENCODING
        yield f"6.invalid.{number} in fragments of a byte", fragments(TEXT, payload, 1), [], ENCODING
        yield f"6.invalid.{number} chopped", [chopped(TEXT, payload, 1)], [], ENCODING
    good, bad = "κόσμε".encode(), b"\xf4\x90\x80\x80"
    # The rest is never sent: the fault must be seen at once.
    yield "6.4.1 at once, between fragments", [f(TEXT, good, fin=False), f(CONTINUATION, bad, fin=False)], [], ENCODING
    yield "6.4.3 at once, inside a frame", [("cut", f(TEXT, good + bad + b"edited"), len(b"edited"))], [], ENCODING
    yield "6.4.4 at the first impossible byte", [("cut", f(TEXT, good + bad + b"edited"), len(b"edited") + 2)], [], ENCODING


def closes():
    hello = f(TEXT, b"Hello World!")
    yield "7.1.1", [hello, BYE], [(TEXT, b"Hello World!")], NORMAL
    yield "7.1.2", [BYE, BYE], [], NORMAL
    yield "7.1.3", [BYE, f(PING)], [], NORMAL
    yield "7.1.4", [BYE, hello], [], NORMAL
    yield "7.1.5", [f(TEXT, b"fragment1", fin=False), BYE, f(CONTINUATION, b"fragment2")], [], NORMAL
    yield "7.3.1", [f(CLOSE)], [], {None, 1000, 1005}
    yield "7.3.2", [f(CLOSE, b"a")], [], PROTOCOL
    yield "7.3.3", [f(CLOSE, struct.pack(">H", 1000))], [], NORMAL
    yield "7.3.4", [f(CLOSE, struct.pack(">H", 1000) + b"Hello World!")], [], NORMAL
    yield "7.3.5", [f(CLOSE, struct.pack(">H", 1000) + b"*" * 123)], [], NORMAL
    yield "7.3.6", [f(CLOSE, struct.pack(">H", 1000) + b"*" * 124)], [], PROTOCOL
    yield "7.5.1", [f(CLOSE, struct.pack(">H", 1000) + INVALID_TEXTS[0])], [], ENCODING | PROTOCOL
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
        yield f"7.7 code {code}", [f(CLOSE, struct.pack(">H", code))], [], {code, 1000}
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        yield f"7.9 code {code}", [f(CLOSE, struct.pack(">H", code))], [], PROTOCOL


def sizes(limit, largest):
    for kind, opcode, letter in (("text", TEXT, b"*"), ("binary", BINARY, b"\xfe")):
        payload = letter * limit
        yield f"9 {kind} of {limit}", [f(opcode, payload), BYE], [(opcode, payload)], NORMAL
        yield f"9 {kind} of {limit} in fragments of 1000", fragments(opcode, payload, 1000) + [BYE], [(opcode, payload)], NORMAL
        yield f"9 {kind} of up to 65536 in pieces of 64", [chopped(opcode, letter * min(limit, 65536), 64), BYE], [
            (opcode, letter * min(limit, 65536))], NORMAL
        yield f"9 {kind} over the limit", [f(opcode, letter * (largest + 1))], [], TOO_LARGE
        yield f"9 {kind} over the limit in fragments", fragments(opcode, letter * (largest + 1), 8192), [], TOO_LARGE
    yield "9 a claim of 2 to the 62", [f(BINARY, b"", form=127, length=1 << 62)], [], TOO_LARGE
    yield "10.1.1", [chopped(TEXT, b"*" * min(limit, 65536), 1300), BYE], [(TEXT, b"*" * min(limit, 65536))], NORMAL
    thousand = [f(TEXT, b"%d" % i) for i in range(1000)]
    yield "a thousand at once", [("together", thousand), BYE], [(TEXT, b"%d" % i) for i in range(1000)], NORMAL
