"""Evaluations over HTTP, through a whole installation: a clinic's questions, asked before and after a change."""

import asyncio
from collections import Counter
from uuid import uuid4

import orjson
import pytest_asyncio

from auricle.actor import Actor
from auricle.assemble import assembled
from auricle.jobs.worker import run_worker
from auricle.knowledge.evaluation.keep import Labels, keep
from auricle.knowledge.evaluation.rows import Expected, Question
from auricle.knowledge.evaluation.run import BATCH, QUEUE, ask_for_run, find_run
from tests import builders
from tests.billing.conftest import out_of_money
from tests.channels.talking import eventually
from tests.knowledge.over_http import BATTERIES, upload, when_done
from tests.running_service import settings_for

PLACE = "/api/v1/rag/evaluations"
PARKING = b"# Parking\n\nThe parking garage is behind the house. The first hour costs nothing.\n"
MOULDS = b"# Ear moulds\n\nClean ear moulds every evening with a dry cloth. Never use alcohol.\n"
QUESTIONS = b"""question,document,not_in_base
How long do zinc air batteries last?,Batteries,
Where is the parking garage?,parking.md,
How do I clean my ear moulds?,Ear Moulds,
What does a wheelchair rental cost?,Price list,
Which antibiotic treats pneumonia?,,yes
"""


def many(count: int) -> bytes:
    return b"question,document\n" + b"".join(b"How long do %d batteries last?,Batteries\n" % n for n in range(count))


async def sent(http, data=QUESTIONS, file="questions.csv", **form):
    return await http.post(PLACE, files={"file": (file, data)}, data={"name": "front desk", **form})


async def when_over(http, run):
    there = f"{PLACE}/{run['evaluation_id']}/runs/{run['id']}"
    for _ in range(1_200):
        run = (await http.get(there)).json()
        if run["status"] not in ("queued", "running"):
            return run
        await asyncio.sleep(0.05)
    raise AssertionError(run)


async def done(http, evaluation, **how):
    accepted = await http.post(f"{PLACE}/{evaluation['id']}/runs", json=how)
    assert accepted.status_code == 202, accepted.text
    run = await when_over(http, accepted.json())
    assert run["status"] == "done", run
    return run


@pytest_asyncio.fixture(loop_scope="session")
async def clinic_of(service):
    """A new clinic's administrator each time, with documents if wanted."""
    opened = []

    async def make(documents=None):
        organization = await builders.make_organization(service.database)
        http = service.client((await service.member(organization, "org_admin"))[1])
        opened.append(await http.__aenter__())
        ids = {}
        for name, data in (documents or {}).items():
            ids[name] = (await upload(http, name, data)).json()["id"]
            assert (await when_done(http, ids[name]))["status"] == "live"
        return http, ids

    yield make
    for http in opened:
        await http.__aexit__(None, None, None)


async def test_what_a_run_asks_of_providers_is_metered_and_without_money_none_begins(service):
    organization = await builders.make_organization(service.database)
    _, admin = await service.member(organization, "org_admin")
    async with service.client(admin) as http:
        evaluation = (await sent(http, b"".join(QUESTIONS.splitlines(True)[:2]))).json()

        async def metered():
            rows = (await http.get("/api/v1/usage")).json()["items"]
            return Counter(row["capability"] for row in rows)

        accepted = (await upload(http)).json()
        assert (await when_done(http, accepted["id"]))["status"] == "live"
        await done(http, evaluation)
        each = {"embedding": 1 + 1, "llm": 1}
        assert await eventually(metered, lambda n: n == each) == each
        await out_of_money(service.database, organization)
        refused = await http.post(f"{PLACE}/{evaluation['id']}/runs", json={})
        assert (refused.status_code, refused.json()["error_code"]) == (402, "billing.budget_exhausted")
        assert len((await http.get(f"{PLACE}/{evaluation['id']}/runs")).json()["items"]) == 1


async def test_a_run_asks_as_patients_do_and_a_removed_document_shows_as_worse(clinic_of, service):
    http, ids = await clinic_of({"batteries.md": BATTERIES, "parking.md": PARKING, "moulds.md": MOULDS})
    evaluation = (await sent(http)).json()
    assert (evaluation["question_count"], evaluation["version"], evaluation["missing"]) == (5, 1, [4])

    before = await done(http, evaluation, label="before")
    totals = before["totals"]
    # Three of four are first, the fourth's document is not there; the one that is not in the base is not answered.
    assert (totals["questions"], totals["in_base"], totals["not_in_base"], totals["missing_documents"]) == (5, 4, 1, 1)
    for name in ("success_at_1", "success_at_3", "success_at_5", "success_at_10", "ndcg_at_10", "mrr_at_10"):
        assert totals[name] == 0.75, name
    assert (totals["answered"], totals["unanswered"]) == (0.75, 0.25)
    assert (totals["wrongly_answered"], totals["rightly_refused"]) == (0.0, 1.0)
    assert totals["verdicts"] == {
        "found": 3,
        "rightly_refused": 1,
        "unanswered": 0,
        "not_found": 1,
        "wrongly_answered": 0,
    }
    assert 0 < totals["wall_ms_p50"] <= totals["wall_ms_p95"] and 0 < totals["cpu_ms_p50"] <= totals["cpu_ms_p95"]
    assert (before["asked"], before["changed_under_way"], before["state"]["documents"]) == (5, False, 3)

    results = (await http.get(f"{PLACE}/{evaluation['id']}/runs/{before['id']}/results")).json()["items"]
    assert [one["verdict"] for one in results] == ["found", "found", "found", "not_found", "rightly_refused"]
    asked = (await http.post("/api/v1/rag/answer", json={"question": results[1]["question"]})).json()
    assert (results[1]["answer"], results[1]["known"]) == (asked["answer"], asked["known"])
    assert results[1]["cited"] == [{"document_id": ids["parking.md"], "title": "Parking"}]
    assert [(one["rank"], one["ndcg"]) for one in results] == [(1, 1.0), (1, 1.0), (1, 1.0), (None, 0.0), (None, None)]

    same = await done(http, evaluation)
    assert same["fingerprint"] == before["fingerprint"]
    assert (await http.delete(f"/api/v1/rag/documents/{ids['parking.md']}")).status_code == 204
    after = await done(http, evaluation, label="after")
    there = f"{PLACE}/{evaluation['id']}/runs/{after['id']}/comparison"
    told = (await http.get(there, params={"against": before["id"]})).json()
    assert (told["worse"], told["better"], told["same"], told["added"], told["removed"]) == (1, 0, 4, 0, 0)
    assert told["changed_state"] == ["chunks", "content", "documents"]
    assert (told["difference"]["success_at_1"], told["difference"]["answered"]) == (-0.25, -0.25)
    (question,) = told["questions"]["items"]
    assert (question["change"], question["after"]["question"]) == ("worse", "Where is the parking garage?")
    assert (question["before"]["verdict"], question["before"]["rank"]) == ("found", 1)
    assert question["after"]["verdict"] in ("not_found", "wrongly_answered") and question["after"]["rank"] is None

    # Taught anew the file is another document with the same content: the same was asked.
    again = (await upload(http, "parking.md", PARKING)).json()["id"]
    await when_done(http, again)
    assert again != ids["parking.md"]
    anew = await done(http, evaluation)
    assert anew["fingerprint"] == before["fingerprint"]
    backwards = (
        await http.get(
            f"{PLACE}/{evaluation['id']}/runs/{anew['id']}/comparison", params={"against": after["id"], "limit": 1}
        )
    ).json()
    assert (backwards["better"], backwards["worse"]) == (1, 0)

    # How strict answers are is the organization's own, and counts here as it does for patients.
    own = {"strictness": "own", "thresholds": {"answer": 1.0, "confirm": 1.0, "lexical_answer": 1.0}}
    assert (await http.put("/api/v1/rag/settings", json=own)).status_code == 200
    strict = await done(http, evaluation)
    assert (strict["totals"]["unanswered"], strict["totals"]["success_at_1"]) == (1.0, 0.75)
    assert strict["totals"]["verdicts"]["unanswered"] == 3
    assert (strict["state"]["strictness"], strict["state"]["thresholds"]["answer"]) == ("own", 1.0)


async def test_an_answer_from_another_document_than_expected_is_wrong(clinic_of):
    http, _ = await clinic_of({"batteries.md": BATTERIES})
    rows = b"question,document,not_in_base\nHow long do zinc air batteries last?,Parking,\n"
    rows += b"How long do zinc air batteries of one week last?,,yes\n"
    run = await done(http, (await sent(http, rows)).json())
    assert (run["totals"]["wrongly_answered"], run["totals"]["unanswered"]) == (1.0, 0.0)
    assert (run["totals"]["rightly_refused"], run["totals"]["ndcg_at_10"]) == (0.0, 0.0)


async def test_a_model_that_answers_is_named_and_makes_it_another_state(clinic_of):
    http, _ = await clinic_of({"batteries.md": BATTERIES})
    evaluation = (await sent(http)).json()
    quoted, answered = await done(http, evaluation), await done(http, evaluation, with_model=True, rerank=True)
    # Here it is the installation's own, which quotes: the same answers, yet asked of somebody else.
    assert (quoted["state"]["answered_by"], answered["state"]["answered_by"]) == ("quotation", "offline")
    there = f"{PLACE}/{evaluation['id']}/runs/{answered['id']}/comparison"
    told = (await http.get(there, params={"against": quoted["id"]})).json()
    assert (told["changed_state"], told["same"], told["questions"]["items"]) == (["answered_by"], 5, [])


async def test_a_set_keeps_to_its_collection_and_answers_in_the_language_of_the_row(clinic_of):
    http, _ = await clinic_of()
    for name, data, collection in (("batteries.md", BATTERIES, "devices"), ("parking.md", PARKING, "house")):
        await when_done(http, (await upload(http, name, data, collection=collection)).json()["id"])
    rows = [
        {"question": "How long do zinc air batteries last?", "document": "Batteries", "grade": 2},
        {"question": "Where is the parking garage?", "not_in_base": True, "language": "hi"},
    ]
    data = b"\n".join(map(orjson.dumps, rows))
    run = await done(http, (await sent(http, data, "questions.jsonl", collection="devices")).json())
    results = (await http.get(f"{PLACE}/{run['evaluation_id']}/runs/{run['id']}/results")).json()["items"]
    assert [one["verdict"] for one in results] == ["found", "rightly_refused"]
    assert {ref["title"] for one in results for ref in one["found"]} <= {"Batteries"}
    assert "नहीं" in results[1]["answer"]


async def test_a_set_is_replaced_under_its_name_and_its_earlier_runs_keep_what_they_asked(clinic_of):
    http, _ = await clinic_of({"batteries.md": BATTERIES})
    first = (await sent(http)).json()
    again = (await sent(http, name=" front  desk ")).json()
    assert (again["id"], again["version"], again["unchanged"]) == (first["id"], 1, True)
    before = await done(http, first)
    fewer = QUESTIONS.rsplit(b"\n", 2)[0] + b"\nIs there a lift?,batteries.md,\n"
    replaced = (await sent(http, fewer)).json()
    assert (replaced["id"], replaced["version"], replaced["unchanged"]) == (first["id"], 2, False)
    pages, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        shown = (await http.get(f"{PLACE}/{first['id']}/questions", params=asked)).json()
        pages.append([one["position"] for one in shown["items"]])
        if (cursor := shown["next"]) is None:
            break
    assert pages == [[1, 2], [3, 4], [5]]
    after = await done(http, replaced)
    assert (before["version"], after["version"]) == (1, 2)
    there = f"{PLACE}/{first['id']}/runs/{after['id']}/comparison"
    told = (await http.get(there, params={"against": before["id"], "limit": 1})).json()
    assert (told["removed"], told["added"], told["same"]) == (1, 1, 4)
    assert told["questions"]["items"][0]["before"]["question"] == "Which antibiotic treats pneumonia?"
    rest = {"against": before["id"], "limit": 1, "cursor": told["questions"]["next"]}
    assert (await http.get(there, params=rest)).json()["questions"]["items"][0]["change"] == "added"
    listed = (await http.get(f"{PLACE}/{first['id']}/runs", params={"limit": 1})).json()
    assert ([run["id"] for run in listed["items"]], bool(listed["next"])) == ([after["id"]], True)


BAD = [
    ("a.csv", QUESTIONS + b"?!,Hours,\n", {}, 422, "evaluation.bad_rows"),
    ("a.csv", b"What,Where\n1,2\n", {}, 422, "evaluation.bad_sheet"),
    ("a.jsonl", b"[]\n", {}, 422, "evaluation.bad_rows"),
    ("a.csv", b"question,document\n", {}, 422, "evaluation.no_questions"),
    ("a.csv", many(1_001), {}, 413, "evaluation.too_many_questions"),
    ("a.csv", b"", {}, 422, "upload.empty"),
    ("a.pdf", b"%PDF-1.7\n", {}, 415, "upload.unknown_kind"),
    ("a.csv", b"PK\x03\x04", {}, 415, "upload.kind_mismatch"),
    ("a.csv", b"question,document\n" + b"x" * 4_000_001, {}, 413, "upload.too_large"),
    ("a.csv", bytes(range(256)) * 9, {}, 422, "upload.garbled"),
    ("a.csv", QUESTIONS, {"name": "  "}, 422, "knowledge.bad_label"),
    ("a.csv", QUESTIONS, {"name": "n" * 101}, 422, "knowledge.bad_label"),
    ("a.csv", QUESTIONS, {"collection": "../etc"}, 422, "knowledge.bad_label"),
]


async def test_a_bad_file_is_refused_with_the_reason_and_changes_nothing(clinic_of):
    http, _ = await clinic_of()
    kept = (await sent(http)).json()
    for file, data, form, status, code in BAD:
        refused = await sent(http, data, file, **form)
        assert (refused.status_code, refused.json()["error_code"]) == (status, code)
        if data.endswith(b"?!,Hours,\n"):
            assert refused.json()["context"] == {"count": "1", "row_7": "no_question"}
        listed = (await http.get(PLACE)).json()["items"]
        assert listed == [{name: kept[name] for name in listed[0]}], code


async def test_organizations_have_their_own_sets_and_neither_sees_the_others(clinic_of):
    (ours, _), (theirs, _) = await clinic_of({"batteries.md": BATTERIES}), await clinic_of()
    mine, other = (await sent(ours)).json(), (await sent(theirs)).json()
    run = await done(ours, mine)
    assert [one["id"] for one in (await theirs.get(PLACE)).json()["items"]] == [other["id"]]
    there, its = f"{PLACE}/{mine['id']}", f"{PLACE}/{mine['id']}/runs/{run['id']}"
    for answer in (
        await theirs.get(there),
        await theirs.get(f"{there}/questions"),
        await theirs.post(f"{there}/runs", json={}),
        await theirs.get(f"{there}/runs"),
        await theirs.get(its),
        await theirs.get(f"{its}/results"),
        await theirs.post(f"{its}/cancel"),
        await theirs.get(f"{its}/comparison", params={"against": run["id"]}),
        await theirs.get(f"{PLACE}/{other['id']}/runs/{run['id']}"),
        await theirs.delete(there),
    ):
        assert answer.status_code == 404
    assert (await done(theirs, other))["totals"]["success_at_1"] == 0.0  # their base holds nothing
    assert (await ours.get(f"{its}/results")).json()["items"][0]["verdict"] == "found"


async def test_only_who_may_change_the_knowledge_may_look_at_its_evaluation(service, people):
    async with service.client(people["patient"]) as http:
        assert (await http.get(PLACE)).status_code == 403
        assert (await sent(http)).status_code == 403
    async with service.client() as http:
        assert (await sent(http)).status_code == 401


async def test_one_run_at_a_time_which_can_be_cancelled_and_what_was_asked_stays(clinic_of):
    http, _ = await clinic_of({"batteries.md": BATTERIES})
    long, short = (await sent(http, many(1_000))).json(), (await sent(http, name="short")).json()
    run = (await http.post(f"{PLACE}/{long['id']}/runs", json={})).json()
    refused = await http.post(f"{PLACE}/{short['id']}/runs", json={})
    assert (refused.status_code, refused.json()["error_code"]) == (409, "evaluation.run_under_way")
    there = f"{PLACE}/{long['id']}/runs/{run['id']}"
    while not (await http.get(there)).json()["asked"]:
        await asyncio.sleep(0.02)
    cancelled = await http.post(f"{there}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert (await http.post(f"{there}/cancel")).json()["error_code"] == "evaluation.run_is_over"
    assert (await done(http, short))["asked"] == 5
    told = (await http.get(there)).json()
    assert (told["status"], told["totals"], 0 < told["asked"] < 1_000) == ("cancelled", None, True)
    against = await http.get(f"{there}/comparison", params={"against": run["id"]})
    assert (against.status_code, against.json()["error_code"]) == (409, "evaluation.not_comparable")
    first = (await http.get(f"{there}/results")).json()["items"][0]
    assert first["verdict"] is not None
    alike = (await http.get(f"{there}/results", params={"verdict": first["verdict"], "limit": 200})).json()["items"]
    assert {one["verdict"] for one in alike} == {first["verdict"]}


async def test_deleting_a_set_ends_its_run_and_leaves_nothing(clinic_of):
    http, _ = await clinic_of({"batteries.md": BATTERIES})
    there = f"{PLACE}/{(await sent(http, many(1_000))).json()['id']}"
    await http.post(f"{there}/runs", json={})
    assert (await http.delete(there)).status_code == 204
    assert (await http.get(there)).status_code == 404
    assert (await http.get(f"{there}/runs")).status_code == 404
    assert (await done(http, (await sent(http)).json()))["asked"] == 5


async def test_a_run_goes_on_after_its_worker_stopped_and_tells_how_far_it_is(template, tmp_path):
    """In an installation of its own, whose worker is ours to stop in the middle."""
    settings = settings_for(template.copy(), tmp_path)
    async with assembled(settings) as assembly:
        actor = Actor.system(await builders.make_organization(assembly.database), "test")
        questions = [Question(f"How long do {n} batteries last?", "", (Expected("Batteries"),)) for n in range(150)]
        async with assembly.database.transaction(actor) as db:
            kept = await keep(db, questions, "hash", Labels("many"))
            run = await ask_for_run(db, kept.evaluation.id)

        async def now():
            async with assembly.database.transaction(actor) as db:
                return await find_run(db, run.evaluation_id, run.id)

        async with assembly.fanout.subscribe(actor.organization_id, {"evaluation.changed"}) as events:
            stop = asyncio.Event()
            worker = asyncio.create_task(run_worker(assembly, stop, concurrency=1, queues=[QUEUE], grace_s=0.01))
            async with asyncio.timeout(120):
                while (await now()).asked < BATCH:
                    await asyncio.sleep(0.005)
                stop.set()
                await worker
                stopped = await now()
                assert stopped.status == "running" and BATCH <= stopped.asked < 150
                stop = asyncio.Event()
                worker = asyncio.create_task(run_worker(assembly, stop, concurrency=1, queues=[QUEUE]))
                told = []
                while not told or told[-1]["status"] != "done":
                    told.append((await anext(events)).subject)
            stop.set()
            await worker
        over = await now()
        assert (over.status, over.asked, over.totals["questions"]) == ("done", 150, 150)
        assert [one["percent"] for one in told] == sorted(one["percent"] for one in told)
        assert {one["run_id"] for one in told} == {str(run.id)}
        assert {"running", "done"} <= {one["status"] for one in told}


async def test_what_is_no_set_or_run_is_not_found(clinic_of):
    http, _ = await clinic_of()
    evaluation = (await sent(http)).json()
    assert (await http.get(f"{PLACE}/{uuid4()}")).json()["error_code"] == "evaluation.not_found"
    missing = await http.get(f"{PLACE}/{evaluation['id']}/runs/{uuid4()}")
    assert missing.json()["error_code"] == "evaluation.no_such_run"
    assert (await http.post(f"{PLACE}/{evaluation['id']}/runs", json={"label": "x" * 101})).status_code == 422
    assert (await http.post(f"{PLACE}/{evaluation['id']}/runs", json={"more": 1})).status_code == 422
