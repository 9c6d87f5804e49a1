"""Sound as a document: transcribed by the organization's own providers, and a note written from what was heard."""

import wave
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import auricle.demo
from auricle.channels.sound_files import RATE_HZ
from auricle.consent.models import Kind
from auricle.documents.hear import STRETCH_S, placed, stretches
from auricle.providers.ports import Transcript
from tests.channels.talking import eventually
from tests.channels.test_one_shot import encoded
from tests.documents.conftest import Desk

AUDIO = Path(auricle.demo.__file__).parent / "audio"
MEDICINE = (AUDIO / "03-medicine.wav").read_bytes()  # "I take ibuprofen, four hundred milligrams, twice a day."


def samples(file: str) -> np.ndarray:
    with wave.open(str(AUDIO / file)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2")


def wav_of(pcm: np.ndarray) -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(pcm.tobytes())
    return out.getvalue()


async def drafted(desk: Desk, place: str) -> dict[str, Any]:
    async def note() -> dict[str, Any]:
        async with desk.client() as http:
            return (await http.get(place)).raise_for_status().json()  # type: ignore[no-any-return]

    found = await eventually(note, lambda one: one["status"] in ("draft", "failed"), 60)
    assert found["status"] == "draft", found
    return found  # type: ignore[no-any-return]


async def test_a_dictation_becomes_a_text_with_times_and_a_note_that_cites_them(desk):
    patient = await desk.patient(Kind.AI_USE)
    silence = np.zeros(22 * RATE_HZ, "<i2")
    dictation = wav_of(np.concatenate([samples("01-complaint.wav"), silence, samples("03-medicine.wav")]))
    sent = (await desk.send(patient.id, "dictation.wav", dictation, language="en")).json()
    async with desk.client() as http:  # asked for at once, and written when the sound has been heard
        asked = await http.post("/api/v1/soap/generate", json={"audio": sent["id"]})
    assert (asked.status_code, asked.json()["status"]) == (202, "queued")
    document = await desk.read(sent["id"])
    assert (document["kind"], document["read_by"], round(document["length_s"])) == ("wav", "offline", 31)
    paragraphs = (await desk.get(f"/{document['id']}/text")).json()["paragraphs"]
    first, last = paragraphs[0], paragraphs[-1]
    assert "ringing" in first["text"] and first["end_s"] <= STRETCH_S
    assert "ibuprofen" in last["text"] and 14 < last["start_s"] <= last["end_s"] <= document["length_s"]
    note = await drafted(desk, asked.json()["status_url"])
    assert (note["document_id"], note["consultation_id"]) == (document["id"], None)
    ibuprofen = next(one for one in note["statements"] if "ibuprofen" in one["text"].lower())
    cited = ibuprofen["evidence"][0]
    assert (cited["source"], cited["message_id"], cited["start_s"]) == ("document", last["id"], last["start_s"])
    async with desk.client() as http:
        deleted = await http.delete(f"/api/v1/documents/{document['id']}")
        assert deleted.json()["notes"] == [note["id"]]
        assert (await http.get(f"/api/v1/soap/notes/{note['id']}")).json()["statements"] == note["statements"]
    async with desk.client("org_admin") as http:
        usage = (await http.get("/api/v1/usage", params={"limit": 20})).raise_for_status().json()["items"]
    assert any(one["capability"] == "stt" and one["status"] == "ok" for one in usage)


@pytest.mark.parametrize("kind", ["mp3", "m4a", "webm"])
async def test_other_kinds_of_sound_are_heard_too(desk, kind):
    patient = await desk.patient(Kind.AI_USE)
    sound = encoded(kind, samples("03-medicine.wav").repeat(3))
    document = await desk.kept(patient.id, f"memo.{kind}", sound, language="en")
    assert (document["status"], document["kind"]) == ("done", kind), document
    said = " ".join(one["text"] for one in (await desk.get(f"/{document['id']}/text")).json()["paragraphs"])
    assert "milligrams" in said


async def test_sound_that_nobody_can_or_may_hear_says_why(desk):
    willing, unwilling = await desk.patient(Kind.AI_USE), await desk.patient()
    for patient, name, data, language, code in (
        (willing, "tamil.wav", MEDICINE, "ta", "document.no_speech_provider"),
        (willing, "silence.wav", wav_of(np.zeros(RATE_HZ * 2, "<i2")), "en", "document.nothing_heard"),
        (willing, "moment.wav", wav_of(np.zeros(100, "<i2")), "en", "audio.no_sound"),
        (unwilling, "memo.wav", MEDICINE, "en", "consent.needed"),
    ):
        document = await desk.kept(patient.id, name, data, language=language)
        assert (document["status"], document["failure_code"]) == ("failed", code), name
        async with desk.client() as http:
            refused = await http.post("/api/v1/soap/generate", json={"audio": document["id"]})
        assert refused.status_code in (403, 409), refused.text
        assert refused.json()["error_code"] in ("document.not_extracted", "consent.needed")


async def test_a_letter_is_no_sound(desk):
    document = await desk.kept((await desk.patient(Kind.AI_USE)).id)
    async with desk.client() as http:
        refused = await http.post("/api/v1/soap/generate", json={"audio": document["id"]})
        both = {"audio": document["id"], "document_id": document["id"]}
        assert (await http.post("/api/v1/soap/generate", json=both)).status_code == 422
        assert (await http.post("/api/v1/soap/generate", json={})).status_code == 422
    assert (refused.status_code, refused.json()["error_code"]) == (422, "note.not_sound")


def test_a_long_sound_is_cut_where_it_is_quiet_and_nothing_of_it_is_lost():
    rng = np.random.default_rng(7)
    loud = rng.integers(-9_000, 9_000, 70 * RATE_HZ).astype("<i2")
    quiet_at = [20 * RATE_HZ, 41 * RATE_HZ]
    for at in quiet_at:
        loud[at : at + RATE_HZ] = 0
    cuts = list(stretches(loud.tobytes()))
    assert [start for start, _ in cuts] == [0, *(end for _, end in cuts[:-1])] and cuts[-1][1] == len(loud)
    assert all(0 < end - start <= STRETCH_S * RATE_HZ for start, end in cuts)
    assert all(at <= end <= at + RATE_HZ for at, (_, end) in zip(quiet_at, cuts, strict=False))
    assert list(stretches(b"")) == []


def test_words_keep_their_place_on_the_clock_of_the_whole_sound():
    assert placed(Transcript("one", True, 1.5, 2.25), 50.0, 70.0).start_s == 51.5
    untold = placed(Transcript(" two ", True), 50.0, 70.0)
    assert (untold.text, untold.start_s, untold.end_s) == ("two", 50.0, 70.0)
    late = placed(Transcript("three", True, 30.0, 40.0), 50.0, 70.0)
    assert (late.start_s, late.end_s) == (70.0, 70.0)
