"""What each format says is told in the order it is read: headings, tables, columns, notes; furniture is left out."""

import random

import pytest

from auricle.knowledge.chunk import split
from auricle.uploads.parse.columns import Piece, lines, ordered
from auricle.uploads.parse.sheet import delimiter_of, looks_like_header
from auricle.uploads.refused import GarbledDocument, KindMismatch
from tests.uploads.office import MC, W, docx_of, h, p, r, table, types, zipped
from tests.uploads.papers import drawn, pdf_drawn
from tests.uploads.reading import read_as

PROSE = "the hearing aid is cleaned every evening with a dry cloth and the battery door is left open at night so that "


# DOCX


async def test_docx_headings_paragraphs_and_tables():
    body = (
        h("Ear care")
        + p("Keep the ear dry.")
        + p("Prices", '<w:pStyle w:val="H2"/>')
        + table(("Item", "Price"), ("Battery", "50"), ("Dome", "20"), header=True)
        + p("Ask at the desk.")
    )
    styles = '<w:style w:styleId="H2"><w:name w:val="heading 2"/></w:style>'
    parsed = await read_as("docx", docx_of(body, styles=styles))
    assert parsed.text == (
        "Ear care\nKeep the ear dry.\n\nPrices\nItem: Battery; Price: 50\nItem: Dome; Price: 20\nAsk at the desk."
    )
    assert (parsed.title, [section.title for section in parsed.sections]) == ("Ear care", ["Ear care", "Prices"])
    for section in parsed.sections:
        assert parsed.text[section.start : section.body] == section.title
    assert [chunk.section for chunk in split(parsed)] == ["Ear care", "Prices"]


async def test_docx_a_sentence_cut_into_runs_is_one():
    body = f"<w:p>{r('The test ')}<w:hyperlink>{r('takes')}</w:hyperlink><w:r><w:tab/></w:r>{r('an hour.')}</w:p>"
    assert (await read_as("docx", docx_of(body))).text == "The test takes an hour."


async def test_docx_a_table_without_a_header_is_told_cell_by_cell():
    rows = table(("Monday", "9 to 5"), ("Tuesday", "9 to 1"))
    assert (await read_as("docx", docx_of(rows))).text == "Monday | 9 to 5\nTuesday | 9 to 1"


async def test_docx_a_table_within_a_table_becomes_words_of_its_cell():
    inner = table(("inner one", "inner two"))
    body = f"<w:tbl><w:tr><w:tc>{p('outer')}{inner}</w:tc><w:tc>{p('last')}</w:tc></w:tr></w:tbl>"
    assert (await read_as("docx", docx_of(body))).text == "outer inner one inner two | last"


async def test_docx_a_text_box_is_read_once():
    box = f"<w:txbxContent>{p('In the box.')}</w:txbxContent>"
    both = f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    body = f'<w:p xmlns:mc="{MC}">{r("Beside it.")}<w:r>{both}</w:r></w:p>'
    assert sorted((await read_as("docx", docx_of(body))).text.split("\n")) == ["Beside it.", "In the box."]


async def test_docx_footnotes_follow_and_belong_to_no_heading():
    parsed = await read_as("docx", docx_of(h("Doses") + p("See the note."), footnotes=p("Never above 40 mg.")))
    assert parsed.text.endswith("Never above 40 mg.")
    assert split(parsed)[-1].section == ""


async def test_docx_its_main_part_may_have_any_name():
    listed = types().replace("/word/document.xml", "/word/main2.xml")
    document = f'<w:document xmlns:w="{W}"><w:body>{p("Found all the same.")}</w:body></w:document>'
    data = zipped({"[Content_Types].xml": listed, "word/main2.xml": document})
    assert (await read_as("docx", data)).text == "Found all the same."


async def test_docx_without_a_list_of_types_is_no_docx():
    with pytest.raises(KindMismatch):
        await read_as("docx", zipped({"word/document.xml": "<a/>"}))


async def test_docx_in_hindi():
    assert (await read_as("docx", docx_of(p("कान में रुई न डालें।")))).text == "कान में रुई न डालें।"


# HTML


async def test_html_without_the_furniture_of_its_site():
    page = """<!doctype html><html><head><title>Earwax | Our clinic</title><script>track()</script></head><body>
    <nav><a>Home</a></nav><div role="navigation">More</div><header><h1>Earwax</h1></header>
    <p>Wax cleans the ear
       <b>by</b> itself.<br>Leave it.</p><ul><li>no buds<li>no candles</ul>
    <h2>When to come</h2><div>Pain or <i>sudden</i> loss.</div><pre>Mon 9-5
Tue 9-1</pre><form><button>Book</button></form><aside>Adverts</aside><footer>© Our clinic</footer></body></html>"""
    parsed = await read_as("html", page.encode())
    assert parsed.text == (
        "Earwax\nWax cleans the ear by itself.\nLeave it.\nno buds\nno candles\n\nWhen to come\nPain or sudden loss.\n"
        "Mon 9-5\nTue 9-1"
    )
    assert (parsed.title, [s.title for s in parsed.sections]) == ("Earwax", ["Earwax", "When to come"])


async def test_html_its_main_part_is_all_that_counts():
    page = "<title>Fees</title><div>Our other sites</div><main><p>A test costs 500 rupees.</p></main><div>Imprint</div>"
    parsed = await read_as("html", page.encode())
    assert (parsed.text, parsed.title) == ("A test costs 500 rupees.", "Fees")


async def test_html_tables_of_data_and_tables_of_layout():
    data = "<table><caption>Fees</caption><thead><tr><th>What<th>Rupees<tbody><tr><td>Test<td>500</table>"
    layout = "<table><tr><td><h2>Hours</h2><p>Nine to five.<td><ul><li>Parking</ul></table>"
    parsed = await read_as("html", (data + layout).encode())
    assert parsed.text == "Fees\nWhat: Test; Rupees: 500\n\nHours\nNine to five.\nParking"


@pytest.mark.parametrize(
    ("declared", "encoding"), [("windows-1252", "cp1252"), ("iso-8859-1", "cp1252"), ("windows-1251", "cp1251")]
)
async def test_html_in_the_encoding_it_declares(declared, encoding):
    text = "Привет" if encoding == "cp1251" else "Café – “quoted”"
    page = f'<meta charset="{declared}"><p>{text}</p>'.encode(encoding)
    assert (await read_as("html", page)).text == text


# CSV


async def test_csv_rows_tell_their_columns():
    sheet = 'Item;Price (₹);Note\nBattery;50;"lasts, at best; a week"\nDome;20;\n'
    assert (await read_as("csv", sheet.encode())).text == (
        "Item: Battery; Price (₹): 50; Note: lasts, at best; a week\nItem: Dome; Price (₹): 20"
    )


async def test_csv_without_a_header_is_told_as_it_is():
    assert (await read_as("csv", b"1,2,3\n4,5,6\n")).text == "1 | 2 | 3\n4 | 5 | 6"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
async def test_csv_of_windows_and_of_excel(encoding):
    delimiter = "\t" if encoding == "utf-16" else ","
    sheet = f"Name{delimiter}Café\nA{delimiter}B\n"
    assert (await read_as("csv", sheet.encode(encoding))).text == "Name: A; Café: B"


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_csv_its_delimiter_is_found_out(delimiter):
    rows = [["Name", "Note", "Price"], ["A", "one, two; three", "1"], ["B", "four | five", "2,50"]]
    quoted = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert delimiter_of(quoted) == delimiter


@pytest.mark.parametrize(
    ("row", "header"),
    [
        (["Name", "Price"], True), (["Name", "Price", ""], True), (["Battery", "50"], False), (["", "Price"], False),
        (["a", "a"], False), (["one"], False), (["x" * 200, "y"], False), (["2026-11-01", "2026-11-02"], False),
    ],
)  # fmt: skip
def test_csv_what_looks_like_a_header(row, header):
    assert looks_like_header(row) is header


async def test_csv_a_row_wider_than_its_header_loses_nothing():
    assert (await read_as("csv", b"Name,Note\nA,B,C\n")).text == "Name: A; Note: B; C"


# Markdown


async def test_markdown_tables_tell_their_columns():
    source = "# Fees\n\n| Item | Price |\n|:-----|------:|\n| Test | **500** |\n| A \\| B | 1 |\n\nAfter."
    assert (await read_as("md", source.encode())).text == (
        "Fees\n\nItem: Test; Price: 500\nItem: A | B; Price: 1\n\nAfter."
    )


# PDF: reading order


def column(text: str, x: float, y: float = 640, width: int = 38) -> bytes:
    return drawn(text, x, y, width=width, size=11)


async def test_pdf_two_columns_are_read_one_after_the_other():
    left, right = "LEFTBEGINS " + PROSE * 4 + "leftends.", "RIGHTBEGINS " + PROSE * 4 + "rightends."
    title = drawn("A title that reaches across both columns of this page of ours", 60, 740, size=16)
    parsed = await read_as("pdf", pdf_drawn(title + column(left, 60) + column(right, 330)))
    places = [parsed.text.index(word) for word in ("A title", "LEFTBEGINS", "leftends", "RIGHTBEGINS", "rightends")]
    assert places == sorted(places)
    assert PROSE.strip() in parsed.text.replace("\n", " ")


async def test_pdf_two_columns_written_line_by_line_across_are_read_one_after_the_other():
    sides = [[f"{side} line {n:02} speaks of hearing aids" for n in range(12)] for side in ("Left", "Right")]
    lines_across = b"".join(
        drawn(text, x, 640 - 16 * n)
        for n, pair in enumerate(zip(*sides, strict=True))
        for text, x in zip(pair, (60, 330), strict=True)
    )
    parsed = await read_as("pdf", pdf_drawn(lines_across))
    found = [word for word in parsed.text.split() if word in ("Left", "Right")]
    assert found == ["Left"] * 12 + ["Right"] * 12


async def test_pdf_a_table_is_read_row_by_row():
    rows = [("Battery", "50 rupees", "desk"), ("Dome", "20 rupees", "desk"), ("Tube", "35 rupees", "shop")] * 3
    page = b"".join(
        drawn(cell, x, 700 - 20 * n) for n, row in enumerate(rows) for cell, x in zip(row, (60, 250, 440), strict=True)
    )
    parsed = await read_as("pdf", pdf_drawn(page))
    assert "Battery 50 rupees desk" in parsed.text.replace("\n", " ")


def pieces(*boxes: tuple[float, float, float, int]) -> list[Piece]:
    """Lines of ten points height: left, right, top, letters."""
    made, place = [], 0
    for left, right, top, letters in boxes:
        made.append(Piece(left, top - 10, right, top, place, place + letters))
        place += letters
    return made


def test_three_columns_under_a_title_and_over_a_footer():
    title, footer = (50, 560, 780, 40), (50, 560, 40, 40)
    columns = [[(x, x + 150, 700 - 14 * n, 30) for n in range(20)] for x in (50, 230, 410)]
    across = [box for row in zip(*columns, strict=True) for box in row]
    page = pieces(title, *across, footer)
    blocks = ordered(lines(page))
    assert [(block[0].left, len(block)) for block in blocks] == [(50, 1), (50, 20), (230, 20), (410, 20), (50, 1)]


def test_a_page_of_one_column_keeps_the_order_it_was_written_in():
    page = pieces(*((50, 500, 700 - 14 * n, 70) for n in range(30)))
    random.Random(3).shuffle(page)
    assert ordered(page) == [page]


def test_no_piece_is_lost_or_doubled_however_a_page_is_laid_out():
    rng = random.Random(7)
    for _ in range(200):
        page = pieces(
            *(
                (x := rng.uniform(0, 500), x + rng.uniform(1, 300), rng.uniform(10, 800), rng.randint(1, 60))
                for _ in range(rng.randint(0, 60))
            )
        )
        assert sorted(p.start for block in ordered(page) for p in block) == [p.start for p in page]


async def test_damaged_hindi_is_refused_in_every_text_format():
    damaged = "कान की जाँच".encode()[:-1] + b" " + "सुनना".encode()[1:]
    for kind in ("txt", "md", "html", "csv"):
        with pytest.raises(GarbledDocument):
            await read_as(kind, damaged)
