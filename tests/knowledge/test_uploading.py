"""Files over HTTP: streamed in, refused before they are stored, answered at once with where to look."""

import asyncio
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.knowledge.over_http import upload, when_done
from tests.uploads.office import docx_of, h, p
from tests.uploads.papers import pdf_of

PATH = "/api/v1/rag/ingest-upload"


@pytest.fixture
async def http(service, people):
    async with service.client(people["admin"]) as client:
        yield client


def files_of(service) -> list[Path]:
    return [path for path in (service.settings.data_dir / "objects").rglob("*") if path.is_file()]


async def raw(service, headers: dict[str, str], body: list[bytes]) -> str:
    """The first bytes of the answer to a request that is written by hand; `body` until it is answered."""
    at = urlsplit(service.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    lines = [f"POST {PATH} HTTP/1.1", f"Host: {at.netloc}", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    answer = asyncio.create_task(reader.read(4_000))
    try:
        for piece in body:
            if answer.done():
                break
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(20):
            return (await answer).decode()
    except ConnectionError:
        return (await answer).decode()
    finally:
        answer.cancel()
        writer.close()


async def test_an_upload_is_answered_at_once_with_where_to_look(http):
    accepted = await upload(http, "care.docx", docx_of(h("Ear care") + p("Keep the ear dry after surgery.")))
    told = accepted.json()
    assert accepted.status_code == 202
    assert accepted.headers["location"] == told["status_url"] == f"/api/v1/rag/documents/{told['id']}"
    live = await when_done(http, told["id"])
    assert (live["status"], live["title"], live["media_type"].rsplit(".", 1)[-1]) == ("live", "Ear care", "document")


@pytest.mark.parametrize(
    ("name", "data", "asked"),
    [
        ("hours.html", b"<nav>x</nav><h1>Hours</h1><p>The zebrafish ward opens at nine.</p>", "zebrafish ward opens"),
        ("fees.csv", b"What,Rupees\nTympanometry,700\nAudiogram,500\n", "rupees of a tympanometry"),
        ("sheet.pdf", pdf_of(["The quetzal device is charged over night in its own case."]), "quetzal device charged"),
    ],
)
async def test_every_kind_is_found_by_what_it_says(http, name, data, asked):
    document_id = (await upload(http, name, data)).json()["id"]
    assert (await when_done(http, document_id))["status"] == "live"
    found = (await http.get("/api/v1/rag/search", params={"q": asked})).json()
    assert found["hits"][0]["document_id"] == document_id


async def test_the_same_file_sent_twice_at_the_same_moment_is_one_document(http, service):
    before = len(files_of(service))
    answers = await asyncio.gather(*(upload(http, "twice.txt", b"Sent by both hands.") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sorted(answer.json()["known_already"] for answer in answers) == [False, True, True, True]
    assert len(files_of(service)) == before + 1


async def test_an_upload_repeated_under_its_key_is_one_and_another_under_it_is_refused(http):
    async def sent(data: bytes):
        return await http.post(PATH, files={"file": ("key.txt", data)}, headers={"idempotency-key": "k-77"})

    first, again, other = [await sent(data) for data in (b"Words of the key.", b"Words of the key.", b"Other words.")]
    assert (first.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert other.status_code == 409


async def test_a_file_of_ten_gigabytes_is_refused_by_its_announcement(service, people):
    headers = {**people["admin"], "content-type": "multipart/form-data; boundary=b", "content-length": str(10 * 2**30)}
    answer = await raw(service, headers, [])
    assert answer.startswith("HTTP/1.1 413") and "request.too_large" in answer


async def test_a_file_without_an_announcement_is_refused_when_it_has_become_too_large(service, people):
    headers = {**people["admin"], "content-type": "multipart/form-data; boundary=b", "transfer-encoding": "chunked"}
    begin = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    piece = b"word " * 50_000
    sparse = [b"%x\r\n%s\r\n" % (len(data), data) for data in [begin, *[piece] * 200]]
    before = files_of(service)
    answer = await raw(service, headers, sparse)
    assert answer.startswith("HTTP/1.1 413")
    assert files_of(service) == before


async def test_nobody_may_send_a_file_before_they_have_said_who_they_are(service, monkeypatch):
    """The form is not even read: what is refused leaves nothing, not for a moment."""
    opened: list[object] = []
    real = tempfile.TemporaryFile

    def noted(*given, **how):
        opened.append(given)
        return real(*given, **how)

    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", noted)
    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", noted)
    async with service.client() as client:
        assert (await upload(client, "a.txt", b"word " * 400_000)).status_code == 401
    assert opened == []


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("a.docx", docx_of(p("x"))[:-30], 422, "upload.broken_archive"),
        ("a.pdf", b"%PDF-1.7\n" + docx_of(p("x")), 415, "upload.two_kinds"),
        ("evil\u202efdp.exe", b"MZ", 415, "upload.unknown_kind"),
        ("a.txt\r\nX-Evil: 1", b"words", 415, "upload.unknown_kind"),
        ("", b"words", 422, "upload.bad_form"),
    ],
)
async def test_a_file_is_refused_in_the_answer_and_leaves_nothing(http, service, name, data, status, code):
    before = files_of(service)
    refused = await upload(http, name, data)
    assert (refused.status_code, refused.json()["error_code"]) == (status, code)
    assert files_of(service) == before
    assert "x-evil" not in refused.headers


FILE = b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nSome words.'


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("multipart/form-data", b"--b\r\n" + FILE + b"\r\n--b--\r\n"),
        ("multipart/form-data; boundary=", b"----\r\n"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"no boundary at all"),
        ("multipart/form-data; boundary=b", b"--b\r\n" + FILE),
        ("multipart/form-data; boundary=b", b"--b\r\n" + FILE + b"\r\n--b\r\n" + FILE + b"\r\n--b--\r\n"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b--\r\n',
        ),
        ("multipart/form-data; boundary=b", b"--b\r\n" + FILE.replace(b'"file"', b'"other"') + b"\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"A: b\r\n" * 500 + b"\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n" * 50 + b"--b--\r\n"),
        ("application/json", b"{}"),
        ("text/plain", b"Some words."),
    ],
)
async def test_what_is_no_form_with_a_file_is_refused(http, media, body):
    refused = await http.post(PATH, content=body, headers={"content-type": media})
    assert (refused.status_code, refused.json()["error_code"]) == (422, "upload.bad_form")


async def test_a_form_that_comes_in_the_smallest_pieces_is_understood(service, people):
    body = b'--bo\r\nContent-Disposition: form-data; name="title"\r\n\r\nSmall\r\n--bo\r\n'
    body += FILE.replace(b"words", b"words in pieces") + b"\r\n--bo--\r\n"
    headers = {**people["admin"], "content-type": "multipart/form-data; boundary=bo", "content-length": str(len(body))}
    answer = await raw(service, headers, [body[i : i + 1] for i in range(len(body))])
    assert answer.startswith("HTTP/1.1 202") and '"title":"Small"' in answer


async def test_a_long_field_is_refused_and_an_unknown_one_passed_over(http):
    assert (await upload(http, "f.txt", b"words", title="x" * 301)).json()["error_code"] == "knowledge.bad_label"
    assert (await upload(http, "f.txt", b"words", title="x" * 90_000)).json()["error_code"] == "upload.bad_form"
    assert (await upload(http, "f.txt", b"words of f", nonsense="x" * 90_000)).status_code == 202


async def test_marks_of_direction_and_line_ends_are_left_out_of_names_and_titles(http):
    told = (await upload(http, "pl\u202ean\r\n.md", b"# Plan\nWords of a plan.", title="A\u202e plan\x00\n!")).json()
    assert (told["file_name"], told["title"]) == ("plan.md", "A plan !")


async def test_retrying_over_http(http, people, service):
    live = (await upload(http, "retry.txt", b"Words about a retry.")).json()["id"]
    await when_done(http, live)
    refused = await http.post(f"/api/v1/rag/documents/{live}/retry")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "knowledge.not_retryable")
    async with service.client(people["patient"]) as client:
        assert (await client.post(f"/api/v1/rag/documents/{live}/retry")).status_code == 403
    async with service.client(people["stranger"]) as client:
        assert (await client.post(f"/api/v1/rag/documents/{live}/retry")).status_code == 404
