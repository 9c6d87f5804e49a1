"""Extracts the text of one PDF, in a process of its own that may not use much and need not be trusted afterwards.

Run as a script, never imported: `python -I pdf_child.py <pages> <characters> <memory bytes> <cpu seconds>`, the file on
standard input, one JSON object on standard output. It imports nothing of ours, so that it starts quickly and holds no
settings. Only what lies on the page is read: text outside the page's box is not seen by a reader either.
"""

import json
import resource
import sys


def limit(memory_bytes: int, cpu_s: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # pipes are not files: the answer still gets out


def extract(data: bytes, max_pages: int, max_characters: int) -> dict[str, object]:
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        return {"error": "encrypted" if locked else "garbled"}
    if len(document) > max_pages:
        return {"error": "too_large"}
    pages: list[str] = []
    characters = 0
    for number in range(len(document)):
        try:
            page = document[number]
            text = page.get_textpage().get_text_bounded()
            page.close()
        except pypdfium2.PdfiumError:
            return {"error": "garbled"}
        characters += len(text)
        if characters > max_characters:
            return {"error": "too_large"}
        pages.append(text)
    return {"pages": pages, "title": document.get_metadata_value("Title")[:500]}


def main() -> None:
    max_pages, max_characters, memory_bytes, cpu_s = map(int, sys.argv[1:5])
    limit(memory_bytes, cpu_s)
    try:
        answer = extract(sys.stdin.buffer.read(), max_pages, max_characters)
    except MemoryError:
        answer = {"error": "exhausting"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
