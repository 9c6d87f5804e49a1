"""Azure's speech service on a port of its own: SSML in, raw PCM out, and the list of voices.

There is no specification of it to judge by: what is strict here is what the vendor's pages say of SSML and of the
headers. SSML is read with a real XML parser, never looked at as text.
"""

from collections.abc import Sequence
from typing import Any, ClassVar
from xml.etree import ElementTree

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from .server import Emulator, HttpAnswer, SocketAnswer
from .sound import hum, streamed
from .whole import whole_json

SPEAK, MSTTS = "{http://www.w3.org/2001/10/synthesis}", "{https://www.w3.org/2001/mstts}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# What may stand within what, and with which attributes.
WITHIN = {
    f"{SPEAK}voice": {f"{MSTTS}express-as", f"{SPEAK}lang", f"{SPEAK}prosody"},
    f"{MSTTS}express-as": {f"{SPEAK}lang", f"{SPEAK}prosody"},
    f"{SPEAK}lang": {f"{SPEAK}prosody"},
    f"{SPEAK}prosody": set[str](),
}
ATTRIBUTES = {
    f"{SPEAK}voice": {"name"},
    f"{MSTTS}express-as": {"style", "styledegree", "role"},
    f"{SPEAK}lang": {LANG},
    f"{SPEAK}prosody": {"rate", "pitch", "volume"},
}
RATES_HZ = {f"raw-{khz}khz-16bit-mono-pcm": khz * 1_000 for khz in (8, 16, 24, 48)}
MOST_BYTES = 65_536


def voice(short_name: str, display: str, gender: str, *others: str, status: str = "GA") -> dict[str, Any]:
    locale = "-".join(short_name.split("-")[:2])
    row = {
        "Name": f"Microsoft Server Speech Text to Speech Voice ({locale}, {short_name.split('-')[2]})",
        "DisplayName": display,
        "LocalName": display,
        "ShortName": short_name,
        "Gender": gender,
        "Locale": locale,
        "LocaleName": locale,
        "SampleRateHertz": "24000",
        "VoiceType": "Neural",
        "Status": status,
        "WordsPerMinute": "150",
    }
    return row | ({"SecondaryLocaleList": list(others)} if others else {})


INDIAN = {
    "en-IN-NeerjaNeural": "Neerja", "hi-IN-SwaraNeural": "Swara", "ta-IN-PallaviNeural": "Pallavi",
    "te-IN-ShrutiNeural": "Shruti", "bn-IN-TanishaaNeural": "Tanishaa", "mr-IN-AarohiNeural": "Aarohi",
    "gu-IN-DhwaniNeural": "Dhwani", "kn-IN-SapnaNeural": "Sapna", "ml-IN-SobhanaNeural": "Sobhana",
    "pa-IN-VaaniNeural": "Vaani", "or-IN-SubhasiniNeural": "Subhasini", "as-IN-YashicaNeural": "Yashica",
    "ur-IN-GulNeural": "Gul",
}  # fmt: skip
VOICES = (
    *(voice(name, display, "Female") for name, display in INDIAN.items()),
    voice("hi-IN-MadhurNeural", "Madhur", "Male"),
    voice("en-US-AvaMultilingualNeural", "Ava Multilingual", "Female", "hi-IN", "ta-IN", "fr-FR"),
    voice("en-US-JennyNeural", "Jenny", "Female", status="Deprecated"),
)


class AzureEmulator(Emulator):
    """`said` are the texts that were spoken, as a listener would have them."""

    vendor: ClassVar[str] = "azure"
    credential = "ocp-apim-subscription-key: {key}"
    wrong_key = (401, {"error": {"code": "401", "message": "Access denied: private words."}})

    def __init__(self, key: str = "right-key") -> None:
        super().__init__(key)
        self.said: list[str] = []

    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        return (("/cognitiveservices/v1", self._speech), ("/cognitiveservices/voices/list", self._voices))

    def sockets(self) -> Sequence[tuple[str, SocketAnswer]]:
        return ()

    def forget(self) -> None:
        super().forget()
        self.said.clear()

    async def _speech(self, request: Request) -> Response:
        fault, body = self.fault_of(request), await request.body()
        refusal = await self.refused(request, fault, body.decode("utf-8", "replace"))
        if refusal is not None:
            return refusal
        if request.headers.get("content-type") != "application/ssml+xml":
            return Response("Unsupported media type: private words", 415)
        rate_hz = RATES_HZ.get(request.headers.get("x-microsoft-outputformat", ""))
        if not request.headers.get("user-agent") or rate_hz is None or len(body) > MOST_BYTES:
            return Response("Bad request: private words", 400)
        complaint, text = read(body)
        if complaint:
            return Response(f"{complaint}: private words", 400)
        self.said.append(text)
        return StreamingResponse(streamed(self, fault, hum(text, rate_hz)), media_type="audio/basic")

    async def _voices(self, request: Request) -> Response:
        fault = self.fault_of(request)
        refusal = await self.refused(request, fault, None)
        return refusal or whole_json(self, fault, [{"Name": 5}] if fault.name == "malformed" else VOICES)


def read(body: bytes) -> tuple[str | None, str]:
    """What is wrong with SSML, if anything, and the text that it says."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return "Not XML", ""
    voices = list(root)
    if root.tag != f"{SPEAK}speak" or root.get("version") != "1.0" or not root.get(LANG):
        return "Not SSML", ""
    if len(voices) != 1 or voices[0].tag != f"{SPEAK}voice" or (root.text or "").strip():
        return "Not one voice", ""
    if voices[0].get("name") not in {row["ShortName"] for row in VOICES}:
        return "Unsupported voice", ""
    for element in voices[0].iter():
        if element.tag not in WITHIN or not set(element.keys()) <= ATTRIBUTES[element.tag]:
            return "Unknown markup", ""
        if any(child.tag not in WITHIN[element.tag] for child in element):
            return "Markup in the wrong place", ""
    text = "".join(voices[0].itertext())
    return (None, text) if text.strip() else ("Nothing to say", "")


EMULATOR = AzureEmulator
