"""`auricle demo`: a recorded consultation through the real socket at real pace, then its note, signed, with its trail.

Nothing is canned: every line printed came back from the installation. Exit code 1 when a part did not happen, or when a
key fact that was spoken did not arrive in the note.
"""

import asyncio
import importlib.resources
import time
import wave
from dataclasses import dataclass, field

import httpx2
import yaml

from auricle.ai.numbers import find_numbers
from auricle.demo import show
from auricle.demo.caller import RATE_HZ, Caller, Heard
from auricle.demo.installation import installation
from auricle.sample.seed import LOGINS, PASSWORD
from auricle.settings import Settings

FOLDER = importlib.resources.files("auricle.demo")
ANSWER_S = 25.0
UNITS = {"mg": "milligram", "ml": "millilitre", "mcg": "microgram"}
KNOWLEDGE_S = 60.0
IN_THE_NOTE = ("symptom", "side", "duration", "drug", "dose", "frequency", "allergy", "denied")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One recorded turn of the patient."""

    name: str
    words: str
    pcm: bytes
    barge_in_ms: int | None


@dataclass(slots=True)
class Outcome:
    """What has to have happened by the end."""

    wanted: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def expect(self, happened: object, what: str) -> None:
        self.wanted.append(what)
        if not happened:
            self.missing.append(what)


def demonstrate(settings: Settings) -> int:
    """Run the demo; the process's exit code."""
    with installation(settings, lambda text: show.line("demo", text)) as url:
        outcome = asyncio.run(consultation(url))
    show.heading("Result")
    for what in outcome.wanted:
        show.line("MISSING" if what in outcome.missing else "ok", what, indent=2)
    print(f"\n{len(outcome.wanted) - len(outcome.missing)} of {len(outcome.wanted)} parts happened")
    return 1 if outcome.missing else 0


def recording() -> tuple[list[Spoken], dict[str, list[str]]]:
    """The recorded turns, and the key facts spoken in them that a note must carry, by kind."""
    script = yaml.safe_load((FOLDER / "script.yaml").read_text("utf-8"))
    turns: list[Spoken] = []
    facts: dict[str, list[str]] = {}
    for turn in script["turns"]:
        for kind, said in turn["key_facts"].items():
            facts.setdefault(kind, []).extend(said if isinstance(said, list) else [said])
        with (FOLDER / "audio" / turn["file"]).open("rb") as raw, wave.open(raw) as audio:
            assert audio.getframerate() == RATE_HZ and audio.getnchannels() == 1
            turns.append(
                Spoken(turn["file"], turn["words"], audio.readframes(audio.getnframes()), turn.get("barge_in_ms"))
            )
    return turns, {kind: facts[kind] for kind in IN_THE_NOTE if kind in facts}


async def consultation(url: str) -> Outcome:
    outcome = Outcome()
    async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
        patient = await sign_in(http, LOGINS["patient"])
        clinician = await sign_in(http, LOGINS["clinician"])
        admin = await sign_in(http, LOGINS["org admin"])
        await knowledge_is_live(http, admin)
        show.heading("The call: a patient speaks with the agent (recorded speech, real time, real socket)")
        opened = (
            await http.post("/api/v1/consultation/create", headers=patient, json={"type": "voice"})
        ).raise_for_status()
        consultation_id = opened.json()["consultation_id"]
        await consent(http, patient, opened.json()["consent_needed"], outcome)
        await call(http, url, patient, consultation_id, outcome)
        (await http.post(f"/api/v1/consultations/{consultation_id}/end", headers=patient)).raise_for_status()
        await transcript(http, clinician, consultation_id, outcome)
        await the_note(http, clinician, consultation_id, outcome)
        await money_and_trail(http, admin, consultation_id, outcome)
    return outcome


async def consent(http: httpx2.AsyncClient, patient: dict[str, str], needed: list[str], outcome: Outcome) -> None:
    """Agree to what the agent needs, where the patient has not yet; the sample patients have."""
    me = (await http.get("/api/v1/auth/me", headers=patient)).raise_for_status().json()
    place = f"/api/v1/patients/{me['patient_id']}/consents"
    for kind in needed:
        await http.post(place, headers=patient, json={"kind": kind, "decision": "granted"})
    standing = (await http.get(place, headers=patient)).raise_for_status().json()["standing"]
    show.line("consent", ", ".join(f"{kind}: {'yes' if agreed else 'no'}" for kind, agreed in standing.items()))
    outcome.expect(standing["ai_use"] and not standing["recording"], "the patient agreed to the agent, to no recording")


async def sign_in(http: httpx2.AsyncClient, login: str) -> dict[str, str]:
    answer = await http.post("/api/v1/auth/login", json={"login": login, "password": PASSWORD})
    return {"authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


async def knowledge_is_live(http: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    """A fresh installation indexes its knowledge in the background: wait for it."""
    deadline = time.monotonic() + KNOWLEDGE_S
    while time.monotonic() < deadline:
        documents = (await http.get("/api/v1/rag/documents", headers=admin)).raise_for_status().json()["items"]
        if documents and all(d["status"] in ("live", "failed") for d in documents):
            show.line("knowledge", f"{len(documents)} documents live: " + "; ".join(d["title"] for d in documents))
            return
        await asyncio.sleep(0.3)
    show.line("knowledge", "still indexing")


async def call(
    http: httpx2.AsyncClient, url: str, patient: dict[str, str], consultation_id: str, outcome: Outcome
) -> None:
    ticket = (
        (await http.post("/api/v1/ws/tickets", headers=patient, json={"consultation_id": consultation_id}))
        .raise_for_status()
        .json()["ticket"]
    )
    turns, _ = recording()
    caller = Caller(lambda kind, text: show.line(kind, text, indent=2))
    played: list[tuple[Spoken, Heard]] = []

    async def script(live: Caller) -> None:
        outcome.expect(await live.hear_out(ANSWER_S), "the agent greets")
        for number, turn in enumerate(turns):
            print()
            following = turns[number + 1] if number + 1 < len(turns) else None
            show.line("patient", f"[{turn.name}] {turn.words}", indent=2)
            live.speak(turn.pcm)
            played.append((turn, live.heard))
            await live.finished_speaking()
            if following is not None and following.barge_in_ms is not None:
                await live.hear_begin(ANSWER_S)
                await asyncio.sleep(following.barge_in_ms / 1000)
                show.line("", "(the patient interrupts)", indent=2)
            else:
                await live.hear_out(ANSWER_S)

    await caller.run(url.replace("http", "ws", 1) + "/api/v1/ws/streaming", ticket, consultation_id, "en", script)
    for turn, heard in played:
        outcome.expect(heard.finals and heard.first_audio_at, f"{turn.name} was understood and answered")
    interrupting = [heard for turn, heard in played if turn.barge_in_ms is not None]
    outcome.expect(interrupting and all(h.interrupted_at for h in interrupting), "the barge-in stopped the agent")
    outcome.expect(any(heard.partials for _, heard in played), "partial transcripts came while the patient spoke")
    outcome.expect(any(heard.waterfalls for _, heard in played), "a latency waterfall came for the turns")


async def transcript(
    http: httpx2.AsyncClient, clinician: dict[str, str], consultation_id: str, outcome: Outcome
) -> None:
    show.heading("The record: transcript with citations, and what was really heard")
    answer = await http.get(f"/api/v1/consultations/{consultation_id}/transcript", headers=clinician)
    messages = answer.raise_for_status().json()["messages"]
    for message in messages:
        show.line(message["sender"], message["text"], indent=2)
        if message["interrupted"]:
            show.line("", f"(heard only: “{message['heard']}”)", indent=2)
        for citation in message["citations"]:
            show.line("", f"← {citation['title']}: “{citation['quote']}”", indent=2)
    outcome.expect(any(m["citations"] for m in messages), "an answer cites the clinic's knowledge")
    outcome.expect(
        any(m["interrupted"] and len(m["heard"]) < len(m["text"]) for m in messages),
        "the interrupted answer is kept only as far as it was heard",
    )


async def the_note(http: httpx2.AsyncClient, clinician: dict[str, str], consultation_id: str, outcome: Outcome) -> None:
    show.heading("The SOAP note: drafted, judged, and approved by the clinician")
    asked = (
        (
            await http.post(
                "/api/v1/soap/generate",
                params={"wait": 30},
                headers=clinician,
                json={"consultation_id": consultation_id},
            )
        )
        .raise_for_status()
        .json()
    )
    note = asked["note"]
    outcome.expect(note, "the note was written")
    if note is None:
        return
    show.note(note)
    outcome.expect(all(s["evidence"] for s in note["statements"]), "every statement points at its source")
    text = " ".join(s["text"] for s in note["statements"]).lower()
    for kind, facts in recording()[1].items():
        for fact in facts:
            outcome.expect(carries(text, fact), f"key fact in the note: {kind} = {fact}")
    unseen = [s["id"] for s in note["statements"] if s["verdict"] in ("unsupported", "contradicted")]
    if unseen:
        refused = await http.post(
            "/api/v1/soap/approve", headers=clinician, json={"note_id": note["id"], "version": note["version"]}
        )
        show.line(
            "refused", f"{refused.status_code} {refused.json()['error_code']}: {len(unseen)} statements unseen", 2
        )
        outcome.expect(refused.status_code == 409, "approval without having seen the unsupported statements is refused")
    approved = await http.post(
        "/api/v1/soap/approve",
        headers=clinician,
        json={"note_id": note["id"], "version": note["version"], "seen": unseen},
    )
    signed = approved.is_success and approved.json()["notes"][0]["user_approved"]
    show.line("signed", "approved by the clinician" if signed else f"not approved: {approved.text}", indent=2)
    outcome.expect(signed, "the clinician approved the note")


def carries(note: str, fact: str) -> bool:
    """Whether a note has a fact as spoken, or with its numbers and units as they are written."""
    numbers = find_numbers(fact)
    if not numbers:
        return fact.lower() in note
    written = {number.value for number in find_numbers(note)}
    unit = fact.split()[-1].lower().rstrip("s")
    known = [unit, *(short for short, long in UNITS.items() if long == unit)]
    return all(number.value in written for number in numbers) and any(word in note for word in known)


async def money_and_trail(
    http: httpx2.AsyncClient, admin: dict[str, str], consultation_id: str, outcome: Outcome
) -> None:
    show.heading("Usage and cost of this consultation")
    await asyncio.sleep(1.5)  # usage is written in batches, the audit is sealed within a second
    usage = (
        (await http.get("/api/v1/usage", headers=admin, params={"consultation_id": consultation_id, "limit": 200}))
        .raise_for_status()
        .json()["items"]
    )
    show.table(
        [{**row, "cost_usd": show.money(row["cost_usd"])} for row in usage[:12]],
        {
            "capability": 11,
            "provider": 10,
            "model": 24,
            "status": 8,
            "first_ms": 9,
            "total_ms": 9,
            "audio_s": 8,
            "characters": 10,
            "cost_usd": 12,
        },
    )
    if len(usage) > 12:
        print(f"  … and {len(usage) - 12} more")
    outcome.expect(
        {"stt", "llm", "tts"} <= {row["capability"] for row in usage}, "speech, language and voice were metered"
    )
    show.heading("The audit trail")
    entries = (
        (await http.get("/api/v1/audit/entries", headers=admin, params={"limit": 12}))
        .raise_for_status()
        .json()["items"]
    )
    show.table(entries, {"id": 6, "at": 27, "action": 10, "entity": 22, "entity_id": 37, "outcome": 8})
    chain = (await http.get("/api/v1/audit/chain", headers=admin)).raise_for_status().json()
    show.line("chain", ", ".join(f"{k} {v}" for k, v in chain.items()), indent=2)
    approvals = [e for e in entries if e["entity"] == "soap_note" and e["action"] == "update"]
    outcome.expect(approvals, "the approval is in the audit trail")
