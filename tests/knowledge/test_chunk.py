import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.knowledge.chunk import LONGEST, MAX_CHUNKS, OVERLAP, TARGET, TooManyChunks, split
from auricle.knowledge.sentences import sentences
from auricle.uploads.parse.markdown import markdown
from auricle.uploads.parse.parsed import Parsed

rng = random.Random(4)
PROSE = " ".join(f"{' '.join('word' * rng.randint(1, 2) for _ in range(rng.randint(4, 20)))}." for _ in range(200))


@given(st.text(alphabet="ab .?।\nक्षि्‍é“”", max_size=3_000))
@settings(max_examples=150, deadline=None)
def test_every_chunk_is_an_exact_slice_and_no_word_is_lost(text):
    chunks = split(Parsed(text))
    covered = set()
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end]
        assert 0 < len(chunk.text) <= LONGEST
        covered.update(range(chunk.start, chunk.end))
    assert all(ch.isspace() or i in covered or ch in "\"'”’)]" for i, ch in enumerate(text))


def test_prose_is_cut_into_chunks_of_the_wanted_size_at_sentence_ends():
    chunks = split(Parsed(PROSE))
    assert all(TARGET <= len(chunk.text) <= LONGEST for chunk in chunks[:-1])
    assert all(chunk.text.endswith(".") for chunk in chunks)


def test_neighbours_overlap_by_whole_sentences_only():
    text = "Short one here. " * 200
    chunks = split(Parsed(text))
    for before, after in zip(chunks, chunks[1:], strict=False):
        assert 0 < before.end - after.start <= OVERLAP
        assert after.text.startswith("Short")


def test_a_chunk_never_reaches_into_another_section_nor_holds_a_heading():
    parsed = markdown(("# Care\nIntro.\n## Wax\nLeave it alone.\n## Batteries\n" + PROSE).encode())
    chunks = split(parsed)
    assert [c.section for c in chunks[:3]] == ["Care", "Wax", "Batteries"]
    assert chunks[1].text == "Leave it alone."
    assert all("Batteries" not in c.text for c in chunks)


def test_a_chunk_knows_its_page():
    text = "First page. " * 60 + "\n\n" + "Second page. " * 60
    chunks = split(Parsed(text, pages=[0, text.index("Second")]))
    assert {c.page for c in chunks if c.text.startswith("First")} == {1}
    assert chunks[-1].page == 2


def test_hindi_sentences_end_at_the_danda():
    text = "कान में रुई न डालें। डॉक्टर से मिलें॥ क्या दर्द है?"
    assert [text[a:b] for a, b in sentences(text)] == ["कान में रुई न डालें।", "डॉक्टर से मिलें॥", "क्या दर्द है?"]


@pytest.mark.parametrize(
    "sentence",
    [
        "See Dr. Rao at 10 a.m. on Monday.",
        "Use size 3.5 domes, e.g. the soft ones.",
        "J. Smith wrote it.",
        "Is it “loud?” or not.",
    ],
)
def test_abbreviations_and_numbers_do_not_end_a_sentence(sentence):
    assert len(list(sentences(sentence))) <= (2 if "?" in sentence else 1)


def test_a_text_without_spaces_is_cut_between_letters_never_within_one():
    text = "क्षि" * 1_000
    chunks = split(Parsed(text))
    assert "".join(c.text for c in chunks) == text
    assert all(c.text.startswith("क्षि") for c in chunks)


def test_a_document_without_words_has_no_chunks():
    assert split(Parsed(" \n ")) == []


def test_an_endless_document_is_refused():
    with pytest.raises(TooManyChunks):
        split(Parsed("a" * LONGEST * (MAX_CHUNKS + 1)))
