"""Documents to take in, written once into a folder: MedQuAD's answers in every format, and one long PDF."""

import csv
import io
import json
from html import escape
from itertools import islice
from pathlib import Path

from bench.knowledge.corpus import shared_data
from tests.uploads.office import docx_of, h, p
from tests.uploads.papers import pdf_of

KINDS = ("txt", "md", "html", "docx", "csv", "pdf")
PAGE = 2_600  # characters of a page
SHORT, LONG = 400, 4_000  # characters of an answer


def answers(count: int) -> list[tuple[str, str]]:
    """Titles and texts."""
    found: list[tuple[str, str]] = []
    with (shared_data() / "medquad" / "qa.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if len(row["a"]) >= SHORT:
                plain = row["a"][:LONG].encode("latin-1", "ignore").decode("latin-1")
                found.append((row["focus"], " ".join(plain.split())))
    return list(islice(found, count))


def written(folder: Path, each: int, pages: int) -> list[Path]:
    """So many documents of each kind, and a PDF of so many pages."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = answers(each * len(KINDS))
    files: list[Path] = []
    for number, (title, text) in enumerate(taken):
        kind = KINDS[number % len(KINDS)]
        file = folder / f"{number:05}.{kind}"
        file.write_bytes(as_kind(kind, f"{title} {number}", text))
        files.append(file)
    if pages:
        whole = " ".join(text for _, text in answers(3_000))
        book = folder / "book.pdf"
        book.write_bytes(pdf_of([whole[PAGE * n % len(whole) :][:PAGE] + f" {n}." for n in range(pages)]))
        files.append(book)
    return files


def as_kind(kind: str, title: str, text: str) -> bytes:
    sentences = text.split(". ")
    match kind:
        case "md":
            return f"# {title}\n\n{text}\n".encode()
        case "html":
            name, told = escape(title), "".join(f"<p>{escape(sentence)}.</p>" for sentence in sentences)
            return f"<title>{name}</title><nav>Home</nav><h1>{name}</h1>{told}".encode()
        case "docx":
            return docx_of(h(title) + "".join(p(f"{sentence}.") for sentence in sentences))
        case "csv":
            out = io.StringIO()
            csv.writer(out).writerows([("Topic", "Statement"), *((title, sentence) for sentence in sentences)])
            return out.getvalue().encode()
        case "pdf":
            return pdf_of([text[begin : begin + PAGE] for begin in range(0, len(text), PAGE)], title="")
    return text.encode()
