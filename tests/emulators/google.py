"""A server that speaks Google's APIs for Gemini, voices, recognition, translation and tokens, all at one address."""

import asyncio
import base64
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import unquote

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from .google_answers import (
    SIGNATURE,
    USAGE,
    VOICES,
    complaint_of_content,
    complaint_of_speech,
    error,
    piece,
    wav,
    wrong_key,
)
from .meaning import tokens, vector
from .openai_chat import Scripted
from .server import Emulator, Fault, HttpAnswer, dripped
from .whole import whole_json

WORDS = ["Please", " take", " a", " seat", "."]
TOKEN_URI = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EMAIL, PROJECT = "voice@clinic.iam.gserviceaccount.com", "clinic"
CALLS = Scripted(calls=[("find_slot", {"day": "monday"}), ("end_call", {})])


class GoogleEmulator(Emulator):
    """Takes its key, and tokens that it gave for the key of `service_account`.

    `words`, `thoughts` and `script` are the model's; `transcripts` what is heard, `translations` what is translated;
    `token_lasts_s` and `token_faults` are the token endpoint's.
    """

    vendor: ClassVar[str] = "google"
    wrong_key = (400, wrong_key())

    def __init__(self, key: str = "right-key") -> None:
        super().__init__(key)
        self.transcripts: deque[str] = deque()
        self.translations: deque[str] = deque()
        self.script: Callable[[dict[str, Any]], Scripted] | None = None
        self.tokens: list[str] = []
        self.token_faults: deque[Fault] = deque()
        self.token_lasts_s = 3_599
        self.sent_pieces: list[dict[str, Any]] = []  # for the judge
        self._as_new()

    def _as_new(self) -> None:
        self.words, self.thoughts = list(WORDS), list[str]()
        self.block_reason: str | None = None
        self.finish_reason = "STOP"

    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        return (
            ("/v1beta/models/{call}", self._model),
            ("/v1/models/{call}", self._model),  # where the vendor's newer clients go
            ("/v1/voices", self._voices),
            ("/v1/text:synthesize", self._synthesize),
            ("/v1/speech:recognize", self._recognize),
            ("/language/translate/v2", self._translate),
            ("/v3/projects/{project}/locations/{where}", self._translate_in_project),
            ("/token", self._token),
        )

    def forget(self) -> None:
        super().forget()
        self.transcripts.clear()
        self.translations.clear()
        self.tokens.clear()
        self.token_faults.clear()
        self.sent_pieces.clear()
        self.script, self.token_lasts_s = None, 3_599
        self._as_new()

    # ── who is let in ─────────────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def _private_key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65_537, 2_048)

    def service_account(self, **fields: Any) -> str:
        """The JSON of a service account's key that is let in, as Google gives it out."""
        pem = self._private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return json.dumps(
            {
                "type": "service_account",
                "project_id": PROJECT,
                "private_key_id": "k1",
                "private_key": pem.decode(),
                "client_email": EMAIL,
                "token_uri": TOKEN_URI,
                **fields,
            }
        )

    def is_authorized(self, connection: HTTPConnection) -> bool:
        bearer = connection.headers.get("authorization", "").removeprefix("Bearer ")
        return connection.headers.get("x-goog-api-key") == self.key or bearer in self.tokens

    async def _token(self, request: Request) -> Response:
        fault = self.token_faults.popleft() if self.token_faults else Fault()
        async with request.form() as form:
            fields = {name: str(value) for name, value in form.items()}
        self.record(request, fields)
        if fault.name == "status":
            return JSONResponse(fault.body or {"error": "internal_failure"}, fault.status, dict(fault.headers))
        if fault.name == "stall_first":
            await asyncio.sleep(fault.stall_s)
        if fault.name == "malformed":
            return JSONResponse({"access_token": 5, "expires_in": "soon"})
        try:
            if fields.get("grant_type") != GRANT:
                raise ValueError
            claims = jwt.decode(
                fields.get("assertion", ""),
                self._private_key.public_key(),
                ["RS256"],
                audience=[TOKEN_URI, f"{self.url}/token"],
                issuer=EMAIL,
                options={"require": ["exp", "iat", "aud", "iss"]},
            )
            if claims["exp"] - claims["iat"] > 3_600 or not claims.get("scope") or claims["iat"] > time.time() + 60:
                raise ValueError
        except (jwt.PyJWTError, ValueError):
            body = {"error": "invalid_grant", "error_description": f"Invalid JWT for {EMAIL}: private words"}
            return JSONResponse(body, 400)
        self.tokens.append(f"ya29.emulated-{len(self.tokens)}")
        return JSONResponse({"access_token": self.tokens[-1], "expires_in": self.token_lasts_s, "token_type": "Bearer"})

    async def _asked(self, request: Request) -> tuple[Fault, Any, Response | None]:
        fault, raw = self.fault_of(request), await request.body()
        body = orjson.loads(raw) if raw else None
        if fault.name == "status" and fault.body is None:
            fault = Fault("status", fault.status, fault.headers, error(fault.status))
        return fault, body, await self.refused(request, fault, body)

    # ── Gemini ────────────────────────────────────────────────────────────────────────────────────────────────────
    async def _model(self, request: Request) -> Response:
        fault, body, refusal = await self._asked(request)
        if refusal is not None:
            return refusal
        model, _, method = unquote(request.path_params["call"]).partition(":")
        if method == "batchEmbedContents":
            return self._embeddings(fault, body, model)
        if method not in ("generateContent", "streamGenerateContent"):
            return JSONResponse(error(404), 404)
        complaint = complaint_of_content(model, body)
        if complaint is not None:
            return JSONResponse(error(400, complaint), 400)
        if method == "generateContent":
            words = piece({"text": "".join(self.words)}, finish="STOP", usage=True)
            return JSONResponse(self._kept(words))
        if request.query_params.get("alt") != "sse":
            return JSONResponse([piece({"text": "".join(self.words)}, finish="STOP", usage=True)])
        return StreamingResponse(self._counted(self._stream(fault, body)), media_type="text/event-stream")

    def _kept(self, answer: dict[str, Any]) -> dict[str, Any]:
        self.sent_pieces.append(answer)
        return answer

    def _sse(self, answer: dict[str, Any]) -> bytes:
        return b"data: " + orjson.dumps(self._kept(answer)) + b"\r\n\r\n"

    async def _counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self.open_streams += 1
        try:
            async for one in pieces:
                yield one
        finally:
            self.open_streams -= 1

    async def _stream(self, fault: Fault, body: dict[str, Any]) -> AsyncIterator[bytes]:
        if fault.name == "stall_body":
            yield b""  # the headers go out
            await asyncio.sleep(fault.stall_s)
        if fault.name == "empty":
            return
        if self.block_reason is not None:
            yield self._sse({"promptFeedback": {"blockReason": self.block_reason}, "usageMetadata": USAGE})
            return
        for thought in self.thoughts:
            yield self._sse(piece({"text": thought, "thought": True}))
        says = CALLS if fault.name == "tools" else None
        if self.script is not None and fault.name == "none":
            says = self.script(body)
        words = self.words if says is None else [f"{word} " for word in says.text.split()]
        for number, word in enumerate(words):
            if number == 2:
                async for one in self._middle(fault):
                    yield one
                if fault.name == "cut_quietly":
                    return
            async for drop in dripped(fault, self._sse(piece({"text": word})), 7):
                yield drop
        for number, (name, arguments) in enumerate(says.calls if says else ()):
            given = orjson.loads(arguments) if isinstance(arguments, str) else arguments
            call = {"functionCall": {"id": f"fc-{len(self.sent_pieces)}", "name": name, "args": given}}
            yield self._sse(piece({**call, "thoughtSignature": SIGNATURE} if number == 0 else call))
        yield self._sse(piece({"text": ""}, finish=self.finish_reason, usage=fault.name != "no_usage"))

    async def _middle(self, fault: Fault) -> AsyncIterator[bytes]:
        match fault.name:
            case "stall_middle":
                await asyncio.sleep(fault.stall_s)
            case "cut":
                await asyncio.sleep(0.02)  # what was sent so far leaves first
                raise ConnectionAbortedError
            case "malformed":
                yield b'data: {"candidates": [{"content": {"parts": [{"text": "bro\r\n\r\n'
            case "huge_line":
                for _ in range(40):
                    yield b"x" * 100_000
            case "endless":
                while True:
                    yield b": still thinking\r\n\r\n"
                    await asyncio.sleep(0.01)
            case "error_chunk":
                whole = error(fault.status, "The model crashed on: private words")
                yield b"data: " + orjson.dumps(whole) + b"\r\n\r\n"

    def _embeddings(self, fault: Fault, body: dict[str, Any], model: str) -> Response:
        asked = body.get("requests") or []
        texts = [one["content"]["parts"][0]["text"] for one in asked]
        if len(asked) > 100 or any(one.get("model") != f"models/{model}" for one in asked):
            return JSONResponse(error(400, "at most 100 requests can be in one batch"), 400)
        size = asked[0].get("outputDimensionality", 3_072) if asked else 0
        rows = [{"values": vector(text, size, 0.7 if size < 3_072 else 1.0)} for text in texts]
        answer: dict[str, Any] = {"embeddings": rows[1:] if fault.name == "malformed" else rows}
        if fault.name != "no_usage":
            answer["usageMetadata"] = {"promptTokenCount": sum(tokens(text) for text in texts)}
        return self._whole(fault, self._kept(answer))

    # ── speech and translation ────────────────────────────────────────────────────────────────────────────────────
    async def _voices(self, request: Request) -> Response:
        fault, _, refusal = await self._asked(request)
        rows = [
            {"name": name, "languageCodes": codes, "ssmlGender": gender, "naturalSampleRateHertz": 24_000}
            for name, codes, gender in VOICES
        ]
        return refusal or self._whole(fault, {} if fault.name == "malformed" else {"voices": rows})

    async def _synthesize(self, request: Request) -> Response:
        fault, body, refusal = await self._asked(request)
        if refusal is not None:
            return refusal
        text, voice, config = body["input"].get("text", ""), body["voice"], body["audioConfig"]
        if not text or len(text.encode()) > 5_000 or not str(voice.get("name", "")).startswith(voice["languageCode"]):
            return JSONResponse(error(400, "Requested language code doesn't match the voice's."), 400)
        if config["audioEncoding"] != "LINEAR16":
            return JSONResponse(error(400, "This emulator speaks LINEAR16 alone."), 400)
        sound = base64.b64encode(wav(text, config.get("sampleRateHertz", 24_000))).decode()
        answer = {"audioContent": "no sound" if fault.name == "malformed" else sound}
        return self._whole(fault, answer)

    async def _recognize(self, request: Request) -> Response:
        fault, body, refusal = await self._asked(request)
        if refusal is not None:
            return refusal
        complaint = complaint_of_speech(body)
        if complaint is not None:
            return JSONResponse(error(400, complaint), 400)
        heard_s = len(base64.b64decode(body["audio"]["content"])) / 2 / body["config"]["sampleRateHertz"]
        text = self.transcripts.popleft() if self.transcripts else f"{heard_s:.2f} seconds"
        answer: dict[str, Any] = {"totalBilledTime": f"{heard_s:.0f}s", "requestId": "1"}
        if text:
            first, _, rest = text.partition(" ")
            halves = [half for half in (first, f" {rest}" if rest else "") if half]
            answer["results"] = [
                {"alternatives": [{"transcript": half, "confidence": 0.9}], "languageCode": "en-in"} for half in halves
            ]
        return self._whole(fault, {"results": [{"alternatives": 4}]} if fault.name == "malformed" else answer)

    async def _translate(self, request: Request) -> Response:
        fault, body, refusal = await self._asked(request)
        if refusal is not None:
            return refusal
        if not body.get("q") or not body.get("target") or body.get("format") != "text":
            return JSONResponse(error(400, "Required Text"), 400)
        rows = [{"translatedText": self._translated(text)} for text in body["q"]]
        answer = {"data": {} if fault.name == "malformed" else {"translations": rows}}
        return self._whole(fault, answer)

    def _whole(self, fault: Fault, answer: Any) -> Response:
        return whole_json(self, fault, error(500, "private words") if fault.name == "error_chunk" else answer)

    def _translated(self, text: str) -> str:
        return self.translations.popleft() if self.translations else f"[{text}]"

    async def _translate_in_project(self, request: Request) -> Response:
        fault, body, refusal = await self._asked(request)
        if refusal is not None:
            return refusal
        where, _, method = request.path_params["where"].partition(":")
        parent = f"projects/{request.path_params['project']}/locations/{where}"
        if "authorization" not in request.headers:
            return JSONResponse(error(401, "API keys are not supported by this API."), 401)
        if method != "translateText" or not body.get("contents") or not body.get("targetLanguageCode"):
            return JSONResponse(error(400), 400)
        if not str(body.get("model", "")).startswith(parent):
            return JSONResponse(error(400, "Model and request must be in the same location"), 400)
        rows = [{"translatedText": self._translated(text)} for text in body["contents"]]
        return self._whole(fault, {} if fault.name == "malformed" else {"translations": rows})


EMULATOR = GoogleEmulator
