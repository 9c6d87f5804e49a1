"""Calls are recorded by consent, sealed, played back, and gone when they must go."""

import asyncio
import io
import shutil
import wave
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx2
import numpy as np
import pytest
from sqlalchemy import text

import auricle.demo
from auricle.consent.models import Kind
from tests.channels.conftest import Clinic
from tests.channels.talking import answered, eventually, message, socket, speak
from tests.recording.conftest import Ward

SPOKEN = "01-complaint.wav"
BOTH = (Kind.AI_USE, Kind.RECORDING)


async def call(clinic: Clinic) -> str:
    """A call of one spoken question and its answer."""
    consultation_id = (await clinic.opened(type="voice"))["consultation_id"]
    async with socket(clinic, consultation_id) as live:
        await speak(live, SPOKEN)
        await answered(live)
        await asyncio.sleep(0.3)
    return consultation_id


async def recordings(clinic: Clinic, consultation_id: str) -> list[dict[str, Any]]:
    async with clinic.client() as http:
        listed = await http.get(f"/api/v1/consultations/{consultation_id}/recordings")
    return listed.raise_for_status().json()["items"]  # type: ignore[no-any-return]


async def complete(clinic: Clinic, consultation_id: str) -> dict[str, Any]:
    found = await eventually(
        lambda: recordings(clinic, consultation_id), lambda all_: [one["status"] for one in all_] == ["complete"]
    )
    assert [one["status"] for one in found] == ["complete"]
    return found[0]  # type: ignore[no-any-return]


async def played(clinic: Clinic, recording_id: str, track: str = "both", **part: float) -> httpx2.Response:
    async with clinic.client() as http:
        return await http.get(f"/api/v1/recordings/{recording_id}/audio", params={"track": track, **part})


async def heard_at(clinic: Clinic, address: str) -> httpx2.Response:
    async with clinic.client() as http:
        return (await http.get(address)).raise_for_status()


def samples(wav: bytes) -> tuple[np.ndarray, int]:
    with wave.open(io.BytesIO(wav)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return sound.reshape(-1, file.getnchannels()), file.getframerate()


def spoken() -> np.ndarray:
    with wave.open(str(Path(auricle.demo.__file__).parent / "audio" / SPOKEN)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


async def test_a_recorded_call_is_played_back_with_the_patient_left_and_the_agent_right(ward: Ward) -> None:
    clinic, _ = await ward.patient(BOTH)
    consultation_id = await call(clinic)
    recording = await complete(clinic, consultation_id)
    assert recording["missing"] == 0
    answer = await played(clinic, recording["id"])
    assert answer.headers["content-type"] == "audio/wav"
    assert len(answer.content) == int(answer.headers["content-length"])
    sound, rate_hz = samples(answer.content)
    assert (rate_hz, sound.shape[1]) == (16_000, 2)
    assert (sound[: len(spoken()), 0] == spoken()).all(), "the patient's side is what was sent, sample for sample"
    loud = np.abs(sound[:, 1].astype(int)) > 500
    assert loud.any() and loud.argmax() > len(spoken()) * 0.8, "the agent speaks after the question"
    alone, _ = samples((await played(clinic, recording["id"], "agent")).content)
    assert (alone[:, 0] == sound[:, 1]).all()
    for said, side in zip(await clinic.transcript(consultation_id), (0, 1), strict=True):
        part, _ = samples((await heard_at(clinic, said["audio"])).content)
        at = round(float(parse_qs(urlsplit(said["audio"]).query)["from_s"][0]) * rate_hz)
        assert (sound[at : at + len(part), side] == part[:, 0]).all() and np.abs(part.astype(int)).max() > 500
        assert at <= said["start_s"] * rate_hz
        assert at + len(part) >= min(said["end_s"] * rate_hz, len(sound))


async def test_a_part_of_a_recording_is_as_long_as_was_asked(ward: Ward) -> None:
    clinic, _ = await ward.patient(BOTH)
    recording = await complete(clinic, await call(clinic))
    for part, length_s in (({"from_s": 0.5, "to_s": 1.25}, 0.75), ({"from_s": 900.0}, 0)):
        answer = await played(clinic, recording["id"], **part)
        assert len(answer.content) == int(answer.headers["content-length"]) == 44 + length_s * 16_000 * 4
    refused = await played(clinic, recording["id"], from_s=2, to_s=1)
    assert (refused.status_code, refused.json()["error_code"]) == (422, "recording.bad_range")
    assert (await played(clinic, recording["id"], from_s=-1)).json()["error_code"] == "validation.invalid"


async def test_who_did_not_agree_is_not_recorded(ward: Ward) -> None:
    clinic, _ = await ward.patient((Kind.AI_USE,))
    assert await recordings(clinic, await call(clinic)) == []


async def test_taking_the_consent_back_stops_the_recording_and_not_the_call(ward: Ward) -> None:
    clinic, patient = await ward.patient(BOTH)
    consultation_id = (await clinic.opened(type="voice"))["consultation_id"]
    async with socket(clinic, consultation_id) as live:
        await live.send(bytes(32_000))
        async with clinic.client() as http:
            withdrawn = await http.post(
                f"/api/v1/patients/{patient.id}/consents", json={"kind": "recording", "decision": "withdrawn"}
            )
            assert withdrawn.status_code == 201
        await asyncio.sleep(1.0)
        await speak(live, SPOKEN)
        assert await answered(live)
    recording = await complete(clinic, consultation_id)
    sound, _ = samples((await played(clinic, recording["id"])).content)
    assert not sound[:, 0].any(), "nothing that was said after the withdrawal is there"


async def test_what_is_kept_is_sealed_and_goes_when_the_recording_is_deleted(ward: Ward) -> None:
    clinic, _ = await ward.patient(BOTH)
    recording = await complete(clinic, await call(clinic))
    folder = clinic.service.settings.data_dir / "objects" / str(clinic.organization_id) / "recordings" / recording["id"]
    files = list(folder.iterdir())
    assert files
    piece = spoken()[8_000:8_064].tobytes()
    assert all(piece not in file.read_bytes() for file in files)
    async with clinic.service.client(clinic.staff) as http:
        assert (await http.delete(f"/api/v1/recordings/{recording['id']}")).status_code == 204
    assert (await played(clinic, recording["id"])).status_code == 410
    left = await eventually(lambda: asyncio.to_thread(lambda: list(folder.iterdir())), lambda files: not files)
    assert left == []


async def test_an_erased_patient_leaves_no_sound(ward: Ward) -> None:
    clinic, patient = await ward.patient(BOTH)
    recording = await complete(clinic, await call(clinic))
    async with clinic.service.client(clinic.staff) as http:
        erased = await http.post(
            f"/api/v1/patients/{patient.id}/erasure",
            json={"confirm_patient_id": str(patient.id), "reason": "patient_request"},
        )
        assert erased.is_success, erased.text
        gone = await http.get(f"/api/v1/recordings/{recording['id']}/audio")
    assert gone.status_code == 410
    folder = clinic.service.settings.data_dir / "objects" / str(clinic.organization_id) / "recordings" / recording["id"]
    assert await eventually(lambda: asyncio.to_thread(lambda: list(folder.iterdir())), lambda files: not files) == []


async def test_a_store_that_fails_costs_pieces_of_the_recording_and_nothing_of_the_call(ward: Ward) -> None:
    clinic, _ = await ward.patient(BOTH)
    place = clinic.service.settings.data_dir / "objects" / str(clinic.organization_id)
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file where a folder should be")
    try:
        consultation_id = await call(clinic)
        recording = await complete_within(clinic, consultation_id, 30)
    finally:
        place.unlink()
    assert recording["missing"] >= 1
    assert len(await clinic.transcript(consultation_id)) == 2
    sound, _ = samples((await played(clinic, recording["id"])).content)
    assert not sound.any()


async def test_the_end_of_a_call_does_not_wait_for_the_end_of_its_recording(ward: Ward) -> None:
    clinic, _ = await ward.patient(BOTH)
    place = clinic.service.settings.data_dir / "objects" / str(clinic.organization_id)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file where a folder should be")
    try:
        consultation_id = (await clinic.opened(type="voice"))["consultation_id"]
        async with socket(clinic, consultation_id) as live:
            await live.send(bytes(32_000))
            await live.send('{"type":"end"}')
            while (await message(live))["type"] != "session_ended":
                pass
            assert [one["status"] for one in await recordings(clinic, consultation_id)] == ["recording"]
    finally:
        place.unlink()
    assert (await complete_within(clinic, consultation_id, 30))["status"] == "complete"


async def complete_within(clinic: Clinic, consultation_id: str, timeout_s: float) -> dict[str, Any]:
    found = await eventually(
        lambda: recordings(clinic, consultation_id),
        lambda all_: [one["status"] for one in all_] == ["complete"],
        timeout_s,
    )
    return found[0]  # type: ignore[no-any-return]


async def test_a_recording_that_nobody_finished_is_closed_by_the_job(ward: Ward) -> None:
    from auricle.recording.models import Recording
    from auricle.recording.remove import CLOSE_LEFT_OPEN

    clinic, _ = await ward.patient(BOTH)
    opened = await clinic.opened(type="voice")
    async with clinic.service.database.transaction(clinic.system) as db:
        left = Recording(
            consultation_id=UUID(opened["consultation_id"]), session_id=UUID(opened["session_id"]), rate_hz=8000
        )
        db.add(left)
        await db.flush()
        await db.execute(CLOSE_LEFT_OPEN)
        await db.refresh(left)
        assert left.status == "recording", "it may still be under way"
        left.created_at = left.created_at.replace(year=left.created_at.year - 1)
        await db.flush()
        await db.execute(CLOSE_LEFT_OPEN)
        await db.refresh(left)
        assert (left.status, left.length_s) == ("complete", 0.0)


@pytest.mark.parametrize("voice", [{}, {"stop_s": 0.8}])
async def test_a_recorded_call_is_heard_again_and_compared(ward: Ward, voice: dict[str, float]) -> None:
    clinic, _ = await ward.patient(BOTH)
    consultation_id = await call(clinic)
    recording = await complete(clinic, consultation_id)
    async with clinic.service.client(clinic.staff) as http:
        asked = await http.post(f"/api/v1/recordings/{recording['id']}/replays", json={"voice": voice})
        assert asked.status_code == 202, asked.text

        async def replay() -> dict[str, Any]:
            return (await http.get(f"/api/v1/replays/{asked.json()['id']}")).json()  # type: ignore[no-any-return]

        told = await eventually(replay, lambda one: one["status"] in ("done", "failed"), 60)
        listed = (await http.get(f"/api/v1/recordings/{recording['id']}/replays")).raise_for_status().json()
    assert told["status"] == "done", told
    assert [(one["id"], one["agent_version"], one["voice"]) for one in listed["items"]] == [(told["id"], 1, voice)]
    assert (listed["agent_version"], "result" in listed["items"][0]) == (1, False)
    turns = told["result"]["turns"]
    assert turns[0]["was"]["text"] == turns[0]["now"]["text"]
    assert (told["result"]["was"]["turns"], told["result"]["now"]["turns"]) == (1, 1)
    assert len(await clinic.transcript(consultation_id)) == 2, "hearing it again adds nothing to the record"


async def test_a_replay_of_what_is_no_recording_or_with_other_settings_is_refused(ward: Ward) -> None:
    clinic, _ = await ward.patient(BOTH)
    recording = await complete(clinic, await call(clinic))
    async with clinic.service.client(clinic.staff) as http:
        address = f"/api/v1/recordings/{recording['id']}/replays"
        refused = await http.post(address, json={"voice": {"max_calls": 3}})
        assert (refused.status_code, refused.json()["error_code"]) == (422, "replay.bad_settings")
        assert (await http.post(address, json={"agent_version": 99})).status_code == 404
    async with clinic.client() as http:
        assert (await http.post(address, json={})).status_code == 403


async def test_a_recording_that_is_deleted_under_way_gets_no_more_sound(ward: Ward) -> None:
    clinic, _ = await ward.patient(BOTH)
    consultation_id = (await clinic.opened(type="voice"))["consultation_id"]
    async with socket(clinic, consultation_id) as live:
        await speak(live, SPOKEN)
        (recording,) = await recordings(clinic, consultation_id)
        async with clinic.service.client(clinic.staff) as http:
            assert (await http.delete(f"/api/v1/recordings/{recording['id']}")).status_code == 204
        await answered(live)
    folder = clinic.service.settings.data_dir / "objects" / str(clinic.organization_id) / "recordings" / recording["id"]
    await asyncio.sleep(1.5)
    assert not folder.exists() or list(folder.iterdir()) == []
    assert [one["status"] for one in await recordings(clinic, consultation_id)] == ["deleted"]


async def test_a_legal_hold_keeps_a_recording_from_being_deleted(ward: Ward) -> None:
    clinic, patient = await ward.patient(BOTH)
    recording = await complete(clinic, await call(clinic))
    async with clinic.service.client(clinic.staff) as http:
        held = await http.post(f"/api/v1/patients/{patient.id}/holds", json={"reason": "a lawsuit"})
        assert held.status_code == 201, held.text
        refused = await http.delete(f"/api/v1/recordings/{recording['id']}")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "patient.on_hold")
    assert (await played(clinic, recording["id"])).status_code == 200


async def test_what_was_made_of_a_recording_goes_with_it_and_nothing_is_made_without_consent(ward: Ward) -> None:
    clinic, patient = await ward.patient(BOTH)
    recording = await complete(clinic, await call(clinic))
    async with clinic.service.client(clinic.staff) as http:
        address = f"/api/v1/recordings/{recording['id']}/replays"
        replay_id = (await http.post(address, json={})).raise_for_status().json()["id"]

        async def replay() -> dict[str, Any]:
            return (await http.get(f"/api/v1/replays/{replay_id}")).json()  # type: ignore[no-any-return]

        assert (await eventually(replay, lambda one: one["status"] in ("done", "failed"), 60))["result"]
        async with clinic.client() as own:
            taken_back = {"kind": "ai_use", "decision": "withdrawn"}
            (await own.post(f"/api/v1/patients/{patient.id}/consents", json=taken_back)).raise_for_status()
        refused = await http.post(address, json={})
        assert (refused.status_code, refused.json()["error_code"]) == (403, "consent.needed")
        assert (await http.delete(f"/api/v1/recordings/{recording['id']}")).status_code == 204
        assert (await replay())["result"] is None
    async with clinic.service.database.transaction(clinic.system) as db:
        audited = text("select new from audit_entry where entity = 'replay' and new ? 'result'")
        kept = [row["result"] for row in (await db.scalars(audited)).all() if row["result"]]
    assert kept and max(map(len, kept)) < 100, "the audit has digests only"


async def test_an_organization_may_have_few_replays_waiting(ward: Ward) -> None:
    from auricle.recording.models import Recording, Replay
    from auricle.recording.replays import MOST_UNDER_WAY

    clinic, _ = await ward.patient(BOTH)
    recording = await complete(clinic, await call(clinic))
    async with clinic.service.client(clinic.staff) as http:
        address = f"/api/v1/recordings/{recording['id']}/replays"
        async with clinic.service.database.transaction(clinic.system) as db:
            row = await db.get_one(Recording, UUID(recording["id"]))
            version = await db.scalar(
                text("select agent_version_id from consultation where id = :id"), {"id": row.consultation_id}
            )
            db.add_all(Replay(recording_id=row.id, agent_version_id=version) for _ in range(MOST_UNDER_WAY))
        refused = await http.post(address, json={})
    assert (refused.status_code, refused.json()["error_code"]) == (429, "replay.too_many")
