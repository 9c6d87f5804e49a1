"""Files made to harm whoever reads them, each with the code of the refusal that it must meet."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.uploads.office import W, docx_of, p, types, zipped
from tests.uploads.papers import blank_pdf, encrypted_pdf, pdf_of

DOCUMENT = f'<w:document xmlns:w="{W}"><w:body>{p("Words about hearing.")}</w:body></w:document>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@dataclass(frozen=True)
class Hostile:
    name: str
    file_name: str
    code: str
    made: Callable[[], bytes]


def with_document(xml: str | bytes, **more: str | bytes) -> bytes:
    return zipped({"[Content_Types].xml": types(), "word/document.xml": xml, **more})


def with_part(name: str, held: str | bytes) -> bytes:
    return with_document(DOCUMENT, **{name: held})


# Archives


def flat_bomb() -> bytes:
    return with_document(bytes(250_000_000))


def steep_bomb() -> bytes:
    return with_part("word/media/a.png", bytes(30_000_000))


def many_layers() -> bytes:
    inner = zipped({"0.txt": bytes(1_000_000)})
    for _ in range(5):
        inner = zipped({f"{n}.zip": inner for n in range(8)})
    return with_part("word/media/image1.png", inner)


def lying_sizes() -> bytes:
    """The directory and the header say a thousand bytes; the stream goes on for fifty million."""
    data = bytearray(with_document(DOCUMENT + " " * 50_000_000))
    true = struct.pack("<L", len(DOCUMENT) + 50_000_000)
    return bytes(data.replace(true, struct.pack("<L", len(DOCUMENT))))


def overlapping() -> bytes:
    """Two thousand names for one kernel of packed bytes."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = kernel.compress(bytes(90_000)) + kernel.flush()
    crc = zlib.crc32(bytes(90_000))
    out = bytearray()
    header = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(packed), 90_000, 5, 0)
    out += header + b"a.xml" + packed
    begins = len(out)
    for number in range(1_900):
        name = b"%05d" % number
        out += struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(packed), 90_000, len(name), 0, 0, 0, 0, 0, 0
        )
        out += name
    out += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1_900, 1_900, len(out) - begins, begins, 0)
    return bytes(out)


def holding_itself() -> bytes:
    """One part that is the archive: unpacking it never ends."""
    name = b"again.zip"
    size = 30 + len(name) + 46 + len(name) + 22
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, size, size, len(name), 0) + name
    central = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, size, size, len(name), 0, 0, 0, 0, 0, 0)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(central) + len(name), len(local), 0)
    return local + central + name + end


def with_link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", types())
        link = zipfile.ZipInfo("word/document.xml")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def flagged_encrypted() -> bytes:
    data = bytearray(docx_of(p("secret")))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(magic)
        while start >= 0:
            data[start + place] |= 1
            start = data.find(magic, start + 4)
    return bytes(data)


def macro_by_type() -> bytes:
    more = '<Override PartName="/word/x.bin" ContentType="application/vnd.ms-office.vbaProject"/>'
    parts = {"[Content_Types].xml": types(more=more), "word/document.xml": DOCUMENT, "word/x.bin": b"\x01"}
    return zipped(parts)


# PDF


def pdf_objects(objects: list[bytes], trailer: bytes = b"") -> bytes:
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


def stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), more, data)


def packed(megabytes: int, unit: bytes) -> bytes:
    """A stream that unpacks to many megabytes of a unit: one packed block again and again."""
    block = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = block.compress(unit * (1_000_000 // len(unit))) + block.flush(zlib.Z_FULL_FLUSH)
    return b"\x78\xda" + piece * megabytes + b"\x03\x00" + bytes(4)


def one_page(content: bytes, resources: bytes = b"<< /Font << /F1 4 0 R >> >>", *more: bytes) -> bytes:
    return pdf_objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources %s /Contents 5 0 R >>" % resources,
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            content,
            *more,
        ]
    )


def page_tree_loop() -> bytes:
    return pdf_objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 4000 /Parent 3 0 R >>",
            b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 4000 /Parent 2 0 R >>",
        ]
    )


def reference_chain() -> bytes:
    """Cross-reference tables that name each other as the one before, for ever and far down."""
    out = bytearray(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 1 0 R >>\nendobj\n")
    before = 0
    for _ in range(50_000):
        here = len(out)
        out += b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 2 /Root 1 0 R /Prev %d >>\n" % before
        before = here
    first = out.find(b"/Prev 0 ")
    out[first : first + 8] = b"/Prev 9 "
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % before


def deep_arrays() -> bytes:
    return one_page(b"[" * 500_000 + b"]" * 500_000)


def huge_object_stream() -> bytes:
    """An object stream of a gigabyte, in which the catalog is said to be."""
    body = packed(1_200, b"1 0 2 30 ")
    out = bytearray(b"%PDF-1.7\n")
    place = len(out)
    out += b"3 0 obj\n" + stream(body, b"/Type /ObjStm /N 200000 /First 2000000 /Filter /FlateDecode") + b"\nendobj\n"
    start = len(out)
    rows = b"\x00\x00\x00\x00\x00" + b"\x02\x00\x00\x03\x00" + b"\x02\x00\x00\x03\x01"
    rows += b"\x01" + place.to_bytes(3, "big") + b"\x00"
    rows += b"\x01" + start.to_bytes(3, "big") + b"\x00"
    out += b"4 0 obj\n" + stream(rows, b"/Type /XRef /Size 5 /W [1 3 1] /Root 1 0 R") + b"\nendobj\n"
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start


def huge_content() -> bytes:
    return one_page(stream(packed(1_500, b"BT /F1 9 Tf (x) Tj ET q Q\n"), b"/Filter /FlateDecode"))


def filter_upon_filter() -> bytes:
    """Packed thrice: some kilobytes become a gigabyte and a half."""
    data = zlib.compress(zlib.compress(packed(1_500, b" "), 9), 9)
    return one_page(stream(data, b"/Filter [/FlateDecode /FlateDecode /FlateDecode]"))


def forms_within_forms() -> bytes:
    """Each of forty forms draws the next one ten times."""
    resources = b"<< /XObject << /X 6 0 R >> /Font << /F1 4 0 R >> >>"
    forms = [
        stream(
            b"/X Do " * 10 + b"BT /F1 9 Tf (word) Tj ET",
            b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /XObject << /X %d 0 R >> "
            b"/Font << /F1 4 0 R >> >>" % min(7 + n, 45),
        )
        for n in range(40)
    ]
    return one_page(stream(b"/X Do"), resources, *forms)


def million_pages() -> bytes:
    return pdf_objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1000000 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>",
        ]
    )


def shared_pages() -> bytes:
    """One page that the tree names a hundred thousand times."""
    kids = b"3 0 R " * 100_000
    return pdf_objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [%s] /Count 100000 >>" % kids,
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>",
        ]
    )


ARCHIVES = [
    Hostile("flat bomb", "a.docx", "upload.archive_too_large", flat_bomb),
    Hostile("steep bomb", "a.docx", "upload.archive_too_large", steep_bomb),
    Hostile("nested archive", "a.docx", "upload.nested_archive", lambda: with_part("a.bin", docx_of(p("x")))),
    Hostile("many layers", "a.docx", "upload.nested_archive", many_layers),
    Hostile("archive that holds itself", "a.docx", "upload.broken_archive", holding_itself),
    Hostile("overlapping parts", "a.docx", "upload.broken_archive", overlapping),
    Hostile("sizes that lie", "a.docx", "upload.broken_archive", lying_sizes),
    Hostile("too many parts", "a.docx", "upload.archive_too_large", lambda: with_document(
        DOCUMENT, **{f"word/{n}.xml": "" for n in range(2_100)})),
    Hostile("a part outside", "a.docx", "upload.broken_archive", lambda: with_part("../../etc/cron.d/x", "x")),
    Hostile("a part at the root", "a.docx", "upload.broken_archive", lambda: with_part("/etc/passwd", "x")),
    Hostile("a link", "a.docx", "upload.broken_archive", with_link),
    Hostile("cut off", "a.docx", "upload.broken_archive", lambda: docx_of(p("x") * 400)[:-60]),
    Hostile("bytes behind the end", "a.docx", "upload.broken_archive", lambda: docx_of(p("x")) + b"<script>" * 200),
    Hostile("encrypted parts", "a.docx", "upload.encrypted", flagged_encrypted),
    Hostile("encrypted DOCX", "a.docx", "upload.encrypted", lambda: OLE + "EncryptedPackage".encode("utf-16-le")),
    Hostile("an old DOC", "a.docx", "upload.kind_mismatch", lambda: OLE + "WordDocument".encode("utf-16-le")),
    Hostile("macros", "a.docx", "upload.macros", lambda: with_part("word/vbaProject.bin", b"\x01\x16")),
    Hostile("macros under another name", "a.docx", "upload.macros", macro_by_type),
    Hostile("a document with macros enabled", "a.docx", "upload.macros", lambda: docx_of(
        p("x"), main="application/vnd.ms-word.document.macroEnabled.main+xml")),
    Hostile("a sheet called a document", "a.docx", "upload.kind_mismatch", lambda: docx_of(
        p("x"), main="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml")),
]  # fmt: skip

XML = [
    Hostile("billion laughs", "a.docx", "upload.xml_entities", lambda: with_document(
        f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><w:document xmlns:w="{W}"><w:body>&l9;</w:body></w:document>')),
    Hostile("an entity from a file", "a.docx", "upload.xml_entities", lambda: with_document(
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>{DOCUMENT.replace("Words", "&e;")}')),
    Hostile("a type from the network", "a.docx", "upload.xml_entities", lambda: with_document(
        f'<!DOCTYPE w:document SYSTEM "http://127.0.0.1:9/x.dtd">{DOCUMENT}')),
    Hostile("entities in the list of types", "a.docx", "upload.xml_entities", lambda: zipped(
        {"[Content_Types].xml": '<!DOCTYPE x [<!ENTITY a "b">]>' + types(), "word/document.xml": DOCUMENT})),
    Hostile("entities in comments", "a.docx", "upload.xml_entities", lambda: with_part(
        "word/comments.xml", f'<!DOCTYPE x [<!ENTITY a "b">]><w:comments xmlns:w="{W}"/>')),
    Hostile("deeply nested XML", "a.docx", "upload.too_deep", lambda: docx_of("<w:sdt>" * 100_000)),
    Hostile("a row of cells without end", "a.docx", "upload.too_wide", lambda: docx_of(
        f"<w:tbl><w:tr>{'<w:tc><w:p/></w:tc>' * 100_000}</w:tr></w:tbl>")),
    Hostile("UTF-16 junk as XML", "a.docx", "upload.garbled", lambda: with_document(
        b"\xff\xfe" + bytes(range(256)) * 90)),
]  # fmt: skip

PDFS = [
    Hostile("encrypted PDF", "a.pdf", "upload.encrypted", encrypted_pdf),
    Hostile("page tree that bites its tail", "a.pdf", "upload.garbled", page_tree_loop),
    Hostile("chain of cross-references", "a.pdf", "upload.scanned", reference_chain),
    Hostile("deep arrays", "a.pdf", "upload.scanned", deep_arrays),
    Hostile("huge object stream", "a.pdf", "upload.exhausting", huge_object_stream),
    Hostile("huge content", "a.pdf", "upload.exhausting", huge_content),
    Hostile("filter upon filter", "a.pdf", "upload.exhausting", filter_upon_filter),
    Hostile("forms within forms", "a.pdf", "upload.exhausting", forms_within_forms),
    Hostile("a million pages", "a.pdf", "upload.too_large", million_pages),
    Hostile("one page many times", "a.pdf", "upload.too_large", shared_pages),
    Hostile("more pages than allowed", "a.pdf", "upload.too_large", lambda: blank_pdf(5_001)),
    Hostile("no objects", "a.pdf", "upload.garbled", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 400),
]  # fmt: skip

TEXTS = [
    Hostile("HTML a hundred thousand deep", "a.html", "upload.too_deep", lambda: b"<div>" * 100_000),
    Hostile("HTML misnested", "a.html", "upload.too_deep", lambda: b"<a><b>" * 50_000 + b"x" + b"</a></b>" * 50_000),
    Hostile("HTML of attributes", "a.html", "upload.exhausting", lambda: b"<p " + b" ".join(
        b"a%d=1" % n for n in range(400_000)) + b">x"),
    Hostile("a sheet of a hundred thousand columns", "a.csv", "upload.too_wide", lambda: b"a," * 100_000),
    Hostile("a quotation that never ends", "a.csv", "upload.garbled", lambda: b'a,b\n"' + b"x,\n" * 100_000),
    Hostile("zero bytes", "a.txt", "upload.garbled", lambda: bytes(1_000_000)),
    Hostile("UTF-16 junk", "a.txt", "upload.garbled", lambda: b"\xff\xfe" + b"\x00\xd8" * 5_000),
    Hostile("a program", "a.txt", "upload.garbled", lambda: b"MZ\x90\x00\x03\x00\x00\x00" * 500),
    Hostile("nothing", "a.md", "upload.empty", lambda: b""),
    Hostile("nothing to see", "a.txt", "upload.empty", lambda: "\u200b\u2060\u202e".encode() * 5_000),
]  # fmt: skip

MISNAMED = [
    Hostile("PDF and archive", "a.pdf", "upload.two_kinds", lambda: pdf_of(["hearing " * 9]) + zipped({"a": "b"})),
    Hostile("page and archive", "a.html", "upload.two_kinds", lambda: b"<p>hearing</p>" + zipped({"a": "b"})),
    Hostile("text and archive", "a.txt", "upload.two_kinds", lambda: b"hearing " * 90 + zipped({"a": "b"})),
    Hostile("text and PDF", "a.txt", "upload.kind_mismatch", lambda: b"hearing\n" + pdf_of(["Words about hearing."])),
    Hostile("picture and page", "a.html", "upload.kind_mismatch", lambda: b"GIF89a/*<p>hearing</p>*/"),
    Hostile("program as PDF", "a.pdf", "upload.kind_mismatch", lambda: b"MZ\x90\x00" + bytes(500)),
    Hostile("archive as PDF", "a.pdf", "upload.kind_mismatch", lambda: docx_of(p("x"))),
    Hostile("PDF as DOCX", "a.docx", "upload.kind_mismatch", lambda: pdf_of(["x"])),
    Hostile("picture as text", "a.txt", "upload.kind_mismatch", lambda: b"\x89PNG\r\n\x1a\n" + bytes(90)),
    Hostile("PDF as Markdown", "a.md", "upload.kind_mismatch", lambda: pdf_of(["x"])),
    Hostile("a name turned round", "a\u202efdp.exe", "upload.unknown_kind", lambda: pdf_of(["x"])),
    Hostile("a name with a line end", "a.pdf\r\nX-Evil: 1", "upload.unknown_kind", lambda: pdf_of(["x"])),
    Hostile("a name behind a zero", "a.pdf\x00.exe", "upload.unknown_kind", lambda: pdf_of(["x"])),
]  # fmt: skip

ALL = [*ARCHIVES, *XML, *PDFS, *TEXTS, *MISNAMED]
