"""The program of one recogniser process: audio frames on standard input, JSON lines on standard output.

pocketsphinx keeps Python's interpreter lock for as long as it computes (up to 240 ms at the end of an utterance), which
would stall every call of a voice process; so it lives here, at lower priority, and ends when its parent does (end of
file on standard input). Started by path, not as a module: it needs nothing of the platform. Its one argument is JSON
`{"config": {decoder options}, "words": [[word, phones], …]}`.

A frame is one kind byte, a little-endian uint32 length and that many bytes:
`S` JSON `{"id": …, "cmn": …, "words": [[word, phones], …]}` starts an utterance, `A` is PCM16 mono 16 kHz, `E` ends it,
`X` forgets it. Every answer carries the id of its utterance, so that answers to a forgotten one can be told apart.
"""

import json
import os
import struct
import sys
from typing import Any, BinaryIO

RATE_HZ = 16_000
PARTIAL_BYTES = RATE_HZ * 2 * 19 // 100  # about 200 ms, and two of our engine's 96 ms pieces
SEGMENT_BYTES = RATE_HZ * 2 * 30  # the search graph of one utterance grows without end: cut it every 30 s
MAX_FRAME_BYTES = 4_000_000


class Utterance:
    """One utterance at a time on one decoder. Long ones are decoded in segments and joined."""

    def __init__(self, config: dict[str, Any], words: list[list[str]]) -> None:
        from pocketsphinx import Decoder

        self._decoder = Decoder(loglevel="FATAL", **config)
        self._teach(words)
        self._usual_cmn = self._decoder.get_cmn(False)
        self._open = False
        self._reset()

    def _reset(self) -> None:
        self._done: list[str] = []
        self._waiting = bytearray()
        self._segment_bytes = 0
        self._told = ""

    def start(self, words: list[list[str]], cmn: str | None) -> None:
        self.forget()
        self._teach(words)
        self._decoder.set_cmn(cmn or self._usual_cmn)
        self._decoder.start_utt()
        self._open = True

    def hear(self, pcm: bytes) -> str | None:
        """Take audio; the text so far when enough was heard and it changed."""
        self._waiting += pcm
        if not self._open or len(self._waiting) < PARTIAL_BYTES:
            return None
        self._decode_waiting()
        if self._segment_bytes >= SEGMENT_BYTES:
            self._decoder.end_utt()
            self._done.append(self._heard())
            self._decoder.start_utt()
            self._segment_bytes = 0
        text = " ".join(filter(None, [*self._done, self._heard()]))
        if text == self._told:
            return None
        self._told = text
        return text

    def finish(self) -> tuple[str, str | None]:
        """The final text, and the channel's cepstral mean for this caller's next utterance."""
        if not self._open:
            return "", None
        self._decode_waiting()
        self._decoder.end_utt()
        self._open = False
        text = " ".join(filter(None, [*self._done, self._heard()]))
        long_enough = self._segment_bytes >= RATE_HZ  # half a second says nothing about the channel
        cmn = self._decoder.get_cmn(True) if long_enough else None
        self._reset()
        return text, cmn

    def forget(self) -> None:
        if self._open:
            self._decoder.end_utt()
            self._open = False
        self._reset()

    def _teach(self, words: list[list[str]]) -> None:
        new = [word for word in words if self._decoder.lookup_word(word[0]) is None]
        for number, (word, phones) in enumerate(new, 1):
            # Only the last one rebuilds the search tree: that takes 90 ms.
            self._decoder.add_word(word, phones, number == len(new))

    def _decode_waiting(self) -> None:
        pcm = bytes(self._waiting[: len(self._waiting) & ~1])
        if pcm:
            self._decoder.process_raw(pcm, False, False)
        self._segment_bytes += len(pcm)
        self._waiting.clear()

    def _heard(self) -> str:
        hypothesis = self._decoder.hyp()
        return "" if hypothesis is None else " ".join(hypothesis.hypstr.split())


def read_exactly(source: BinaryIO, count: int) -> bytes:
    data = source.read(count)
    if len(data) < count:
        raise EOFError
    return data


def serve(source: BinaryIO, sink: BinaryIO, utterance: Utterance) -> None:
    def tell(**message: Any) -> None:
        sink.write(json.dumps(message).encode() + b"\n")
        sink.flush()

    tell(ready=True)
    id_ = 0
    while True:
        kind, size = struct.unpack("<cI", read_exactly(source, 5))
        if size > MAX_FRAME_BYTES:
            raise ValueError("frame too long")
        body = read_exactly(source, size)
        if kind == b"S":
            start = json.loads(body)
            id_ = start["id"]
            utterance.start(start["words"], start["cmn"])
        elif kind == b"A":
            if (text := utterance.hear(body)) is not None:
                tell(id=id_, partial=text)
        elif kind == b"E":
            final, cmn = utterance.finish()
            tell(id=id_, final=final, cmn=cmn)
        elif kind == b"X":
            utterance.forget()
        else:
            raise ValueError("unknown frame")


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(5)  # the voice loop goes first
    start = json.loads(sys.argv[1])
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer, Utterance(start["config"], start["words"]))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        os._exit(0)


if __name__ == "__main__":
    main()
