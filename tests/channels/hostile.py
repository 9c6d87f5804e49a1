"""What hostile and broken clients do: each behaviour is one session's worth of it. Chance comes from seeded dice."""

import asyncio
import base64
import math
import random
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from tests.channels.rawsocket import BINARY, CLOSE, CONTINUED, PING, PONG, TEXT, Raw, frame

Json = dict[str, Any]
LIMIT_BYTES = 128_000  # the server takes no longer message


@dataclass(frozen=True)
class Client:
    """A raw socket inside an open session. `media` writes encoded audio as this wire does, with a running number."""

    raw: Raw
    media: Callable[[bytes, int], Json]
    opening: list[Json]

    async def tell(self, message: Json) -> None:
        await self.raw.send(frame(orjson.dumps(message)))

    async def hear(self, encoded: bytes, number: int = 1) -> None:
        await self.tell(self.media(encoded, number))


Behaviour = Callable[[Client, random.Random], Awaitable[None]]


# ── frames ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def truncated_frame(client: Client, dice: random.Random) -> None:
    whole = frame(dice.randbytes(dice.choice((20, 200, 70_000))), dice.choice((TEXT, BINARY)))
    await client.raw.send(whole[: dice.randrange(1, len(whole))])
    await asyncio.sleep(dice.uniform(0, 0.5))


async def frame_longer_than_it_may_be(client: Client, dice: random.Random) -> None:
    claims = dice.choice((LIMIT_BYTES + 1, 10_000_000, 1 << 40, (1 << 63) - 1, 1 << 63))
    await client.raw.send(frame(b"x" * 1_000, dice.choice((TEXT, BINARY)), claims=claims))
    await client.raw.send(dice.randbytes(50_000))


async def unmasked_frame(client: Client, dice: random.Random) -> None:
    await client.raw.send(frame(b'{"type":"end"}', dice.choice((TEXT, BINARY, PING)), masked=False))


async def fragments_without_end(client: Client, dice: random.Random) -> None:
    await client.raw.send(frame(b'{"type":"te', TEXT, fin=False))
    for _ in range(dice.randrange(10, 400)):
        await client.raw.send(frame(b"x" * dice.randrange(0, 1_000), CONTINUED, fin=False))


async def fragments_of_nothing(client: Client, dice: random.Random) -> None:
    await client.raw.send(frame(b"more", CONTINUED, fin=dice.random() < 0.5))


async def message_within_a_message(client: Client, dice: random.Random) -> None:
    await client.raw.send(frame(b"{", TEXT, fin=False) + frame(b"}", dice.choice((TEXT, BINARY))))


async def reserved_bits_and_opcodes(client: Client, dice: random.Random) -> None:
    head = 0x80 | dice.choice((0x40, 0x20, 0x10, 0)) | dice.choice((3, 7, 11, 15))
    await client.raw.send(bytes([head, 0x80]) + dice.randbytes(4))


async def noise(client: Client, dice: random.Random) -> None:
    for _ in range(dice.randrange(1, 20)):
        await client.raw.send(dice.randbytes(dice.randrange(1, 5_000)))


async def slow_bytes(client: Client, dice: random.Random) -> None:
    for byte in frame(b'{"type":"interrupt"}' * 3)[: dice.randrange(10, 40)]:
        await client.raw.send(bytes([byte]))
        await asyncio.sleep(0.01)


# ── control frames ────────────────────────────────────────────────────────────────────────────────────────────────
async def storm_of_pings(client: Client, dice: random.Random) -> None:
    ping = frame(dice.randbytes(125), dice.choice((PING, PONG)))
    for _ in range(dice.randrange(5, 40)):
        await client.raw.send(ping * 50)


async def control_frame_that_breaks_the_rules(client: Client, dice: random.Random) -> None:
    payload, kind = dice.randbytes(dice.choice((126, 200, 60_000))), dice.choice((PING, PONG, CLOSE))
    whole = dice.random() < 0.5
    await client.raw.send(frame(payload if whole else payload[:100], kind, fin=whole))


async def odd_close(client: Client, dice: random.Random) -> None:
    code = dice.choice((0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535)).to_bytes(2)
    payload = dice.choice((b"\x03", code, code + b"\xff\xfe", struct.pack(">H", 1000) + b"\xc3"))
    await client.raw.send(frame(payload, CLOSE) + frame(b"still talking"))


# ── messages ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def wrong_order(client: Client, dice: random.Random) -> None:
    """The opening again, marks that never were, and on after the end."""
    odd: list[Json] = [
        *client.opening,
        {"type": "played", "mark": "never"},
        {"event": "mark", "mark": {"name": "never"}},
        {"event": "playedStream", "name": "never"},
        {"type": "end"},
        {"event": "stop", "stop": {}},
        {"type": "init-session"},
        {"event": "start", "start": {}},
    ]
    for _ in range(dice.randrange(5, 60)):
        await client.tell(dice.choice(odd))


async def wrong_base64(client: Client, dice: random.Random) -> None:
    for bad in ("%%%%", "abc", "a===", "\u00e9" * 10, "AAAA\n", None, 7, [], {}, "A" * 90_001, ""):
        message = client.media(b"\0\0", dice.randrange(1, 100))
        await client.tell({**message, **({"data": bad} if "data" in message else {"media": {"payload": bad}})})


async def wrong_kind(client: Client, dice: random.Random) -> None:
    """Text as a binary frame, audio as text."""
    await client.raw.send(frame(orjson.dumps(client.media(bytes(320), 1)), BINARY))
    await client.raw.send(frame(b"A" * dice.choice((1, 319, 641)), BINARY))
    await client.raw.send(frame(base64.b64encode(bytes(640)), TEXT))


async def invalid_utf8(client: Client, dice: random.Random) -> None:
    bad = dice.choice((b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82"))
    await client.raw.send(frame(b'{"type":"text","text":"' + bad + b'"}', TEXT))


async def deep_json(client: Client, dice: random.Random) -> None:
    depth = dice.choice((500, 5_000, 30_000))
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        inside = b"1"
        whole = opening * depth + inside + closing * depth
        await client.raw.send(frame(whole[: LIMIT_BYTES - 10] if dice.random() < 0.3 else whole[:LIMIT_BYTES]))


ODD_JSON = (
    b"", b" ", b"null", b"[]", b'"text"', b"NaN", b'{"type":NaN}', b'{"type":1e400}', b'{"type":' + b"9" * 5_000 + b"}",
    b'{"type":"text","text":"\\u0000"}', b'{"type":"text","text":"\\ud800"}', b'{"type":"text","text":{}}',
    b'{"type":"text","type":"end2"}', b'{"type":["text"]}', b'{"event":{"a":1}}', b'{"event":"media"}',
    b'{"event":"media","media":[]}', b'{"event":"dtmf","dtmf":{"digit":"99"}}',
    b'{"type":"text","text":"' + b"x" * 4_001 + b'"}', b'{"type":"played","mark":"' + b"m" * 50_000 + b'"}',
    b"\xef\xbb\xbf{}", b'{"type":"\\u202etxet"}',
)  # fmt: skip


async def odd_json(client: Client, dice: random.Random) -> None:
    for odd in dice.sample(ODD_JSON, dice.randrange(5, len(ODD_JSON))):
        await client.raw.send(frame(odd))


async def clock_jumps(client: Client, dice: random.Random) -> None:
    """Timestamps, sequence and chunk numbers from everywhere in time."""
    for stamp in (0, -1, 1 << 62, "99999999999999999999", "-5", "soon", None, 1.5, "1", 1):
        message = client.media(bytes(320), 1)
        message |= {"timestamp": stamp, "sequenceNumber": stamp, "sequence_number": stamp, "ts": stamp}
        if "media" in message:
            message["media"] |= {"timestamp": stamp, "chunk": stamp}
        await client.tell(message)
        await asyncio.sleep(dice.choice((0, 0.02)))


# ── too much, too little ──────────────────────────────────────────────────────────────────────────────────────────
async def flood_of_audio(client: Client, dice: random.Random) -> None:
    loud = dice.randbytes(60_000)
    for number in range(dice.randrange(20, 120)):
        await client.hear(loud, number)


async def flood_of_words(client: Client, dice: random.Random) -> None:
    for number in range(dice.randrange(10, 60)):
        await client.tell({"type": "text", "text": f"word {number} " * dice.randrange(1, 300)})
        await client.tell({"type": "interrupt"})
        await client.tell({"event": "dtmf", "dtmf": {"digit": dice.choice("0123456789*#")}})


async def extreme_audio(client: Client, dice: random.Random) -> None:
    """Full scale, one-sided, white, and the bytes of floating-point NaN and infinity taken for samples."""
    t = np.arange(320)
    waves = (
        np.where(t % 2 == 0, 32_767, -32_768),
        np.full(320, -32_768),
        np.where(t // 8 % 2 == 0, 32_767, -32_768),
        np.random.default_rng(dice.randrange(1 << 30)).integers(-32_768, 32_767, 320),
    )
    encoded = [wave.astype("<i2").tobytes() for wave in waves]
    encoded += [struct.pack("<160f", *[bad] * 160) for bad in (math.nan, math.inf, -math.inf)]
    encoded += [b"", b"\0", b"\xff" * 641, b"\x80" * 640]
    for number in range(dice.randrange(20, 80)):
        await client.hear(dice.choice(encoded), number)
        await asyncio.sleep(0.01)


async def slow_reader(client: Client, dice: random.Random) -> None:
    """Asks much and reads nothing: the socket's buffers are small."""
    for number in range(3):
        await client.tell({"type": "text", "text": f"Tell me all that you know about appointment {number}"})
        await asyncio.sleep(dice.uniform(0.2, 0.8))


async def half_open(client: Client, dice: random.Random) -> None:
    """A cable was pulled: no FIN, no pong, nothing. The server has to notice by itself."""
    await client.hear(bytes(320))
    client.raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(dice.uniform(2.5, 3.5))


async def leaves_at_once(client: Client, dice: random.Random) -> None:
    await asyncio.sleep(dice.choice((0, 0, 0.05)))


INSIDE: dict[str, Behaviour] = {
    one.__name__: one
    for one in (
        truncated_frame, frame_longer_than_it_may_be, unmasked_frame, fragments_without_end, fragments_of_nothing,
        message_within_a_message, reserved_bits_and_opcodes, noise, slow_bytes, storm_of_pings,
        control_frame_that_breaks_the_rules, odd_close, wrong_order, wrong_base64, wrong_kind, invalid_utf8, deep_json,
        odd_json, clock_jumps, flood_of_audio, flood_of_words, extreme_audio, slow_reader, half_open, leaves_at_once,
    )
}  # fmt: skip


async def leave(raw: Raw, dice: random.Random) -> None:
    """Say goodbye, hang up, or vanish."""
    match dice.randrange(4):
        case 0:
            await raw.send(frame(struct.pack(">H", 1000), CLOSE))
        case 1:
            raw.reset()
        case 2:
            await asyncio.sleep(0.1)
    await raw.close()


# ── at the door ───────────────────────────────────────────────────────────────────────────────────────────────────
AtDoor = Callable[[str, random.Random], Awaitable[None]]


async def no_http(url: str, dice: random.Random) -> None:
    raw = await Raw.tcp(url)
    await raw.send(
        dice.choice((dice.randbytes(3_000), b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01" + bytes(200), b"\r\n" * 50))
    )
    await leave(raw, dice)


async def connects_and_leaves(url: str, dice: random.Random) -> None:
    raw = await Raw.tcp(url)
    await leave(raw, dice)


async def half_a_handshake(url: str, dice: random.Random) -> None:
    raw = await Raw.tcp(url)
    await raw.send(b"GET /api/v1/ws/streaming HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConn")
    await asyncio.sleep(dice.uniform(0, 0.3))
    await leave(raw, dice)


ODD_HEADERS = (
    {"Sec_WebSocket_Version": "7"},
    {"Sec_WebSocket_Key": "short"},
    {"Origin": "https://evil.example"},
    {"Sec_WebSocket_Extensions": "permessage-deflate; x=" + "y" * 2_000},
    {"Connection": "close"},
)


async def odd_handshake(url: str, dice: random.Random) -> None:
    raw = await Raw.tcp(url)
    await raw.upgrade(url, "ticket." + "x" * dice.choice((1, 500)), **dice.choice(ODD_HEADERS))
    await leave(raw, dice)


async def odd_first_message(url: str, dice: random.Random) -> None:
    raw = await Raw.tcp(url)
    await raw.upgrade(url)
    raw.read_on()
    await raw.send(
        dice.choice((
            frame(b"\0" * 640, BINARY),
            frame(b'{"type":"audio","data":"AAAA"}'),
            frame(b'{"type":"init-session","consultation_id":"x"}'),
            frame(b'{"event":"connected"}') * 5,
            frame(b'{"event":"start","start":' + b'{"a":' * 400 + b"1" + b"}" * 401),
            frame(b"[" * 100_000),
            frame(orjson.dumps({"event": "start", "start": {"streamSid": "s" * 90_000, "mediaFormat": 5}})),
            frame(b'{"event":"media","media":{"payload":"AAAA"}}'),
            frame(b"hello", claims=LIMIT_BYTES * 9),
        ))
    )  # fmt: skip
    await asyncio.sleep(dice.uniform(0, 0.2))
    await leave(raw, dice)


async def says_nothing(url: str, dice: random.Random) -> None:
    raw = await Raw.tcp(url)
    await raw.upgrade(url)
    await asyncio.sleep(dice.uniform(0, 1))
    await leave(raw, dice)


AT_DOOR: dict[str, AtDoor] = {
    one.__name__: one
    for one in (no_http, connects_and_leaves, half_a_handshake, odd_handshake, odd_first_message, says_nothing)
}
