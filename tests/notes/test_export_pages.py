"""A note on paper: PDF as another program reads and draws it, DOCX as our own reader of foreign files does."""

import io
import zipfile
from dataclasses import replace
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pypdfium2
import pytest

from auricle.notes.export.blocks import Block
from auricle.notes.export.docx import MAIN, docx
from auricle.notes.export.markdown import markdown
from auricle.notes.export.pdf.file import pdf_file
from auricle.notes.export.pdf.layout import MARGIN, MOST_PAGES, PAGE_WIDTH, Pages, TooManyPages
from auricle.notes.export.pdf.note import pdf
from auricle.notes.export.pdf.shape import face, shaped
from auricle.notes.export.scripts import runs
from auricle.uploads.parse.docx import docx as read_docx
from tests.notes.taking_out import amended, signed, taken

HINDI = "मुझे दो हफ़्ते से कान में सीटी की आवाज़ आती है। क्षमा"
TAMIL = "எனக்கு இரண்டு வாரங்களாக காதில் ஒலி கேட்கிறது"


def pdf_text(data: bytes) -> str:
    """As a reader copies it, in one line."""
    opened = pypdfium2.PdfDocument(data)
    pages = [opened[n].get_textpage().get_text_range() for n in range(len(opened))]
    opened.close()
    return " ".join(" ".join(pages).split())


def docx_text(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}
    foot = "".join(t.text or "" for t in parts["word/footer1.xml"].iter(f"{{{MAIN}}}t"))
    return f"{read_docx(data).text}\n{foot}"


def with_texts(document, *texts: str):
    """The same note, saying these things."""
    first = document.note.statements[0]
    said = [first.model_copy(update={"text": text}) for text in texts]
    return replace(document, note=document.note.model_copy(update={"statements": said}))


FORMS = ((pdf, pdf_text), (docx, docx_text))


async def test_a_draft_says_so_and_a_signed_note_shows_signer_version_hash_and_time_zone(clinic):
    draft, note = await taken(clinic, await clinic.drafted()), await taken(clinic, await signed(clinic))
    for write, read in FORMS:
        told = read(write(draft))
        assert "UNSIGNED DRAFT: no clinician answers" in told and "Not signed." in told and "Signed by" not in told
        assert "UNSIGNED DRAFT, version 1" in told  # in the footer
        told = read(write(note))
        assert "UNSIGNED" not in told and "Signed note, version 3" in told
        assert "Signed by: Meera Iyer, " in told and "(UTC, UTC+0000)" in told
        assert note.version.hash.hex() in told
        assert f"Patient: Asha Rao, record number {note.patient.record_number}" in told
        assert note.organization.name in told and "Consultation: " in told


async def test_an_addendum_stands_apart_with_its_author_and_its_time(clinic):
    document = await taken(clinic, await amended(clinic, clinic.clinician))
    when = document.told(document.note.addenda[0].created_at)
    for write, read in FORMS:
        told = read(write(document))
        assert "Signed note with addenda, version 4" in told
        told = " ".join(told.split())
        assert f"Signed by: Meera Iyer, {when}" in told[told.index("Addendum") :]
        assert told.index("Heart sounds") < told.index("Addendum") < told.index("return in a week")
    told = markdown(document.note)
    assert "with addenda" in told and "## Addendum, signed by Meera Iyer, " in told
    assert told.index("Heart sounds") < told.index("## Addendum") < told.index("return in a week")


async def test_every_statement_stands_there_with_its_quotes_and_what_was_said_against_it(clinic):
    document = await taken(clinic, await signed(clinic))
    for write, read in FORMS:
        told = read(write(document))
        for statement in document.note.statements:
            assert statement.text in told
            assert all(f"“{e.quote}”" in told for e in statement.evidence)
        assert "Heart sounds are normal. (no support in the conversation; edited)" in told
        assert "Patient, 0:08: “" in told


async def test_a_masked_page_names_no_patient(clinic):
    document = await taken(clinic, await clinic.drafted(), reveal=False)
    for write, read in FORMS:
        told = read(write(document))
        assert "identifiers are masked" in told and "Asha" not in told and "MRN-" not in told


async def test_hindi_and_tamil_can_be_read_and_copied_in_both(clinic):
    document = with_texts(await taken(clinic, await clinic.drafted()), HINDI, TAMIL, "SpO₂ ≥ 92 %, ₹ 500")
    for write, read in FORMS:
        told = read(write(document))
        assert HINDI in told and TAMIL in told and "≥ 92 %, ₹ 500" in told
        assert str(document.note.id) in told


async def test_times_are_told_in_the_clinic_s_own_zone(clinic):
    document = await taken(clinic, await clinic.drafted())
    own = replace(document, zone=ZoneInfo("Asia/Kolkata"))
    assert all("(Asia/Kolkata, UTC+0530)" in read(write(own)) for write, read in FORMS)


async def test_what_xml_can_t_carry_and_what_looks_like_markup_stays_text(clinic):
    document = with_texts(await taken(clinic, await clinic.drafted()), "a\x0b <w:p>&amp; \ufffe\\) Tj (b")
    for write, read in FORMS:
        assert "a <w:p>&amp; \\) Tj (b" in read(write(document))


def glyph_of(script: str, letter: str) -> int:
    return face(f"NotoSans{script}-Regular").font.get_nominal_glyph(ord(letter))


def test_vowel_signs_go_before_their_letter_and_conjuncts_become_one():
    (before,) = shaped("कि", bold=False)
    assert [g.id for g in before.glyphs].index(glyph_of("Devanagari", "क")) == 1
    (conjunct,) = shaped("क्ष", bold=False)
    assert len(conjunct.glyphs) == 1 and conjunct.glyphs[0].id != glyph_of("Devanagari", "क")
    (around,) = shaped("கொ", bold=False)
    assert [g.id for g in around.glyphs].index(glyph_of("Tamil", "க")) == 1 and len(around.glyphs) == 3


def test_every_language_we_speak_has_its_letters_in_our_fonts():
    words = "हिंदी தமிழ் తెలుగు বাংলা मराठी ગુજરાતી ಕನ್ನಡ മലയാളം ਪੰਜਾਬੀ ଓଡ଼ିଆ ≤ μg"
    for word in words.split():
        assert all(glyph.id for piece in shaped(word, bold=True) for glyph in piece.glyphs), word


def test_a_text_is_cut_where_its_script_changes_and_a_danda_stays_with_its_sentence():
    told = [(script.tag, part) for script, part in runs("BP ≥ 9 दो। কান।ok")]
    latin = [("Latn", "BP "), ("Zmth", "≥"), ("Latn", " 9 ")]
    assert told == [*latin, ("Deva", "दो।"), ("Latn", " "), ("Beng", "কান।"), ("Latn", "ok")]


def test_lines_stay_on_the_page_however_long_a_word_is_and_pages_have_an_end():
    pages = Pages()
    pages.add(Block("statement", "x" * 2_000 + " " + "क" * 500))
    right = max(p.x + p.piece.width * p.size for page in pages.done for p in page.placed)
    assert right <= PAGE_WIDTH - MARGIN + 3  # the space behind the last word
    assert "x" * 20 in pdf_text(pdf_file(pages.done, title="x"))
    with pytest.raises(TooManyPages):
        for _ in range(MOST_PAGES * 60):
            pages.add(Block("title", "line"))
    assert len(pages.done) == MOST_PAGES


async def test_a_page_is_drawn(clinic):
    opened = pypdfium2.PdfDocument(pdf(with_texts(await taken(clinic, await clinic.drafted()), HINDI)))
    drawn = opened[0].render(scale=0.5).to_numpy()
    assert 0.005 < (drawn < 128).mean() < 0.2
    opened.close()
