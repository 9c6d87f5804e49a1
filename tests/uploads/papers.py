"""PDF files made by hand, so that the tests need no PDF writer and know every byte."""

import textwrap


def pdf_of(pages: list[str], title: str = "") -> bytes:
    return _document([drawn(text, 72, 720) for text in pages], title=title)


def pdf_with_hidden_margin(shown: str, hidden: str) -> bytes:
    return pdf_drawn(drawn(shown, 72, 720) + drawn(hidden, 72, 5_000))


def pdf_drawn(*contents: bytes, title: str = "") -> bytes:
    """Pages drawn by these operators."""
    return _document(list(contents), title=title)


def blank_pdf(pages: int) -> bytes:
    return _document([b"0 0 1 rg 10 10 100 100 re f"] * pages)


def encrypted_pdf() -> bytes:
    """Standard security handler whose password nobody knows: the check values are noise."""
    noise = "00112233445566778899aabbccddeeff" * 2
    handler = f"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <{noise}> /U <{noise}> >>".encode()
    return _document([drawn("secret", 72, 720)], extra=[handler], trailer=b"/Encrypt %d 0 R /ID [<aa><aa>]")


def drawn(text: str, x: float, y: float, before: str = "", size: float = 12, width: int = 80) -> bytes:
    """Lines from a place downwards; `before` are operators that hold for the text alone."""
    escaped = (line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in textwrap.wrap(text, width))
    shown = " T* ".join(f"({line}) Tj" for line in escaped)
    return f"q BT {before} /F1 {size} Tf {size * 1.2:.1f} TL {x} {y} Td {shown} ET Q\n".encode("latin-1")


def _document(contents: list[bytes], title: str = "", extra: list[bytes] = [], trailer: bytes = b"") -> bytes:  # noqa: B006
    first = 4
    kids = " ".join(f"{first + 2 * i} 0 R" for i in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for i, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> "
            b"/Contents %d 0 R >>" % (first + 2 * i + 1)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    if title:
        objects.append(f"<< /Title ({title}) >>".encode())
        trailer += b" /Info %d 0 R" % len(objects)
    for one in extra:
        objects.append(one)
        trailer = trailer.replace(b"%d", b"%d" % len(objects))
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(out)
