"""Where a streamed answer is cut into pieces to speak, in eleven languages and whatever the token boundaries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.voice.sentences import CLOSERS, ENDS, MAX_CHARS, SentenceCutter


def cut(text: str, sizes: list[int]) -> list[str]:
    """Feed the text in tokens of these lengths, over and over."""
    cutter, pieces, at = SentenceCutter(), [], 0
    while at < len(text):
        for size in sizes:
            pieces += cutter.feed(text[at : at + size])
            at += size
    return pieces + cutter.finish()


@pytest.mark.parametrize("size", [1, 2, 5, 1_000])
@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Take 500 mg. twice a day. Rest.", ["Take 500 mg. twice a day.", "Rest."]),
        ("Take 500 mg. Then rest.", ["Take 500 mg.", "Then rest."]),
        ("Come at 9 a.m. on Monday. Thanks.", ["Come at 9 a.m. on Monday.", "Thanks."]),
        ("We close at 5 p.m. Bring your report.", ["We close at 5 p.m.", "Bring your report."]),
        ("It costs Rs. 500. See No. 5 there.", ["It costs Rs. 500.", "See No. 5 there."]),
        ("Is it bad? No. It heals.", ["Is it bad?", "No.", "It heals."]),
        ("Ask e.g. Dr. K. Rao, M.D. about it. Yes.", ["Ask e.g. Dr. K. Rao,", "M.D. about it.", "Yes."]),
        ("I see. Take .5 mg now.", ["I see.", "Take .5 mg now."]),
        ("Come between 10:30 and 11:00, or call. Ok.", ["Come between 10:30 and 11:00,", "or call.", "Ok."]),
        ("डॉ. शर्मा 2.5 मि.ग्रा. देते हैं। ठीक है।", ["डॉ. शर्मा 2.5 मि.ग्रा. देते हैं।", "ठीक है।"]),
        ("डॉ. पाटील सकाळी येतात. तुम्ही या.", ["डॉ. पाटील सकाळी येतात.", "तुम्ही या."]),
        ("ডা. রায় ও ডাঃ সেন ৫.৫ মি.গ্রা. দেন। হ্যাঁ।", ["ডা. রায় ও ডাঃ সেন ৫.৫ মি.গ্রা. দেন।", "হ্যাঁ।"]),
        ("ડૉ. શાહ ૫ મિ.ગ્રા. આપે છે. બરાબર.", ["ડૉ. શાહ ૫ મિ.ગ્રા. આપે છે.", "બરાબર."]),
        ("ਡਾ. ਸਿੰਘ 5 ਮਿ.ਗ੍ਰਾ. ਦਿੰਦੇ ਹਨ। ਠੀਕ ਹੈ।", ["ਡਾ. ਸਿੰਘ 5 ਮਿ.ਗ੍ਰਾ. ਦਿੰਦੇ ਹਨ।", "ਠੀਕ ਹੈ।"]),
        ("ଡା. ଦାସ ୫ ମି.ଗ୍ରା. ଦିଅନ୍ତି। ହଁ।", ["ଡା. ଦାସ ୫ ମି.ଗ୍ରା. ଦିଅନ୍ତି।", "ହଁ।"]),
        ("டாக்டர் மு. ராஜா 5 மி.கி. தருவார். சரியா?", ["டாக்டர் மு. ராஜா 5 மி.கி. தருவார்.", "சரியா?"]),
        ("డా. రావు 5 మి.గ్రా. ఇస్తారు. మంచిది.", ["డా. రావు 5 మి.గ్రా. ఇస్తారు.", "మంచిది."]),
        ("ಡಾ. ರಾವ್ 5 ಮಿ.ಗ್ರಾಂ. ಕೊಡುತ್ತಾರೆ. ಸರಿ ಇದೆ.", ["ಡಾ. ರಾವ್ 5 ಮಿ.ಗ್ರಾಂ. ಕೊಡುತ್ತಾರೆ.", "ಸರಿ ಇದೆ."]),
        ("ഡോ. നായർ 5 മി.ഗ്രാം. തരും. ശരിയാണ്.", ["ഡോ. നായർ 5 മി.ഗ്രാം. തരും.", "ശരിയാണ്."]),
        ("کیا آپ ٹھیک ہیں؟ جی۔", ["کیا آپ ٹھیک ہیں؟", "جی۔"]),
        ("श्लोक समाप्त॥ अगला।", ["श्लोक समाप्त॥", "अगला।"]),
    ],
)
def test_a_piece_ends_where_a_sentence_does_in_every_language(text: str, pieces: list[str], size: int) -> None:
    assert cut(text, [size]) == pieces


def test_the_first_piece_is_a_clause_of_four_words_and_no_less() -> None:
    assert SentenceCutter().feed("Yes, of course,") == []
    assert SentenceCutter().feed("Yes, of course we,") == ["Yes, of course we,"]
    assert cut("Go. When you have some time, come in.", [3]) == ["Go.", "When you have some time, come in."]


def test_the_points_of_an_ellipsis_are_no_sentences_of_their_own() -> None:
    assert cut("Well... I see.", [100]) == ["Well...", "I see."]
    assert cut("Well... I see.", [1]) == ["Well.", "I see."]


def test_a_sentence_is_spoken_without_waiting_for_the_next_token() -> None:
    for text in ("It is open.", "क्लिनिक खुला है।", "Is it?", "சரி வாருங்கள்."):
        assert SentenceCutter().feed(text) == [text]


ATOMS = ["2.5 mg", "Dr. Rao", "1,000", "10:30", "9 a.m. and", "डॉ. शर्मा", "মি.গ্রা. করে", "மி.கி. மாத்திரை",
         "Rs. 500",
         "No. 7", "3.5.2026", "e.g. rice", "0.25", "५.५", "K. Nair", "98.6", "120/80", "B.P. is",
         "500 mg. twice"]  # fmt: skip
WORDS = ["pain", "take", "दर्द", "வலி", "and", "it's", "(see", "below)", "well", "నొప్పి"]
sentences = st.tuples(
    st.lists(st.sampled_from(ATOMS + WORDS), min_size=1, max_size=7),
    st.sampled_from(["।", "?", "!", "॥", "…", "...", "؟", "\n"]),
)  # fmt: skip


def letters(text: str) -> str:
    return "".join(c for c in text if not c.isspace() and c not in ENDS + CLOSERS)


@given(st.lists(sentences, min_size=1, max_size=5), st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_whatever_the_tokens_the_pieces_give_the_text_and_no_number_or_abbreviation_is_torn(
    written: list[tuple[list[str], str]], sizes: list[int]
) -> None:
    texts = [" ".join(words) + end for words, end in written]
    text = " ".join(texts)
    pieces = cut(text, sizes)
    assert letters("".join(pieces)) == letters(text)
    if all(len(one) <= MAX_CHARS for one in texts):
        for words, _ in written:
            for atom in words:
                torn = sum(piece.count(atom) for piece in pieces) < text.count(atom)
                assert not torn, f"{atom!r} is torn in {pieces}"
    assert [letters(piece) for piece in cut(text, [len(text)])] == [letters(piece) for piece in pieces]


@given(st.integers(280, 320), st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_not_even_a_forced_cut_tears_a_number_or_a_letter_from_its_signs(length: int, sizes: list[int]) -> None:
    pieces = cut("क" * length + "1,234.56" + "मि" * 40, sizes)
    assert any("1,234.56" in piece for piece in pieces)
    assert not any(piece.startswith("ि") for piece in pieces)
