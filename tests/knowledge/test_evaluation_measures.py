"""The measures and the comparison, on rankings small enough to be reckoned by hand."""

import math
from types import SimpleNamespace
from uuid import uuid4

import pytest

from auricle.knowledge.evaluation.compare import compare, differences, worse_beyond
from auricle.knowledge.evaluation.measures import first_rank, ndcg, percentile, success
from auricle.knowledge.evaluation.models import Verdict
from auricle.knowledge.evaluation.rows import Expected
from auricle.knowledge.evaluation.targets import Targets
from auricle.knowledge.evaluation.totals import totals_of


def test_the_better_graded_document_first_is_the_best_order_and_the_other_way_round_is_not():
    gains = {"a": 2, "b": 1}  # worth 3 and 1
    best = 3 / 1 + 1 / math.log2(3)
    assert ndcg(["a", "b"], gains) == pytest.approx(1.0)
    assert ndcg(["b", "a"], gains) == pytest.approx((1 / 1 + 3 / math.log2(3)) / best)
    assert ndcg(["x", "a", "y"], gains) == pytest.approx(3 / math.log2(3) / best)
    assert ndcg(["x"] * 10 + ["a"], gains) == 0.0
    assert ndcg(["a"], {}) == 0.0


def test_success_and_rank_look_at_the_first_that_is_wanted():
    assert [success(["x", "y", "a"], {"a": 1}, k) for k in (1, 2, 3)] == [False, False, True]
    assert first_rank(["x", "y", "a"], {"a": 1}) == 3
    assert first_rank(["x"], {"a": 1}) is None


def test_percentiles_are_values_that_were_measured():
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 0.95) == 95.0
    assert percentile([7.0], 0.95) == 7.0
    assert percentile([], 0.5) is None


def result(question, verdict, rank=None, ndcg=0.0, expected=(("A", 1),), position=1, ms=1.0):
    return SimpleNamespace(
        id=uuid4(), position=position, question=question, language="", expected=expected, verdict=verdict, rank=rank,
        ndcg=ndcg if expected else None, missing=0, wall_ms=ms, cpu_ms=ms,
    )  # fmt: skip


def test_totals_are_shares_of_the_questions_they_are_about():
    totals = totals_of(
        [
            result("one", Verdict.FOUND, 1, 1.0, ms=1.0),
            result("two", Verdict.UNANSWERED, 4, 1 / math.log2(5), ms=2.0),
            result("three", Verdict.NOT_FOUND, 12, 0.0, ms=3.0),
            result("four", Verdict.WRONGLY_ANSWERED, 2, 1 / math.log2(3), ms=4.0),
            result("five", Verdict.RIGHTLY_REFUSED, expected=()),
            result("six", Verdict.WRONGLY_ANSWERED, expected=()),
        ]
    )
    assert (totals.questions, totals.in_base, totals.not_in_base) == (6, 4, 2)
    assert [totals.success_at_1, totals.success_at_3, totals.success_at_5, totals.success_at_10] == [
        0.25,
        0.5,
        0.75,
        0.75,
    ]
    assert totals.ndcg_at_10 == pytest.approx((1 + 1 / math.log2(5) + 1 / math.log2(3)) / 4, abs=1e-4)
    assert totals.mrr_at_10 == pytest.approx((1 + 1 / 4 + 0 + 1 / 2) / 4, abs=1e-4)
    assert (totals.answered, totals.unanswered) == (0.25, 0.5)
    assert (totals.wrongly_answered, totals.rightly_refused) == (0.3333, 0.5)
    assert (totals.wall_ms_p50, totals.wall_ms_p95) == (1.0, 4.0)


def test_of_no_question_there_is_no_share():
    only_absent = totals_of([result("a", Verdict.RIGHTLY_REFUSED, expected=())])
    assert (only_absent.success_at_1, only_absent.ndcg_at_10, only_absent.unanswered) == (None, None, None)
    assert differences(only_absent.as_dict(), only_absent.as_dict())["mrr_at_10"] is None
    assert worse_beyond(differences(only_absent.as_dict(), only_absent.as_dict()), 0.0) == []


def test_a_comparison_tells_each_question_that_is_not_as_before_the_worse_first():
    before = [
        result("Stays?", Verdict.FOUND, 1, position=1),
        result("Sinks?", Verdict.FOUND, 1, position=2),
        result("Lost?", Verdict.UNANSWERED, 2, position=3),
        result("Gained?", Verdict.WRONGLY_ANSWERED, 3, position=4),
        result("Gone?", Verdict.FOUND, 1, position=5),
        result("Meant otherwise?", Verdict.FOUND, 1, position=6),
    ]
    after = [
        result("stays? ", Verdict.FOUND, 1, position=1),
        result("Sinks?", Verdict.FOUND, 3, position=2),
        result("Lost?", Verdict.WRONGLY_ANSWERED, 2, position=3),
        result("Gained?", Verdict.NOT_FOUND, position=4),
        result("Meant otherwise?", Verdict.FOUND, 1, expected=(("B", 1),), position=5),
    ]
    found = compare(before, after)
    assert [(one.change, one.shown.question) for one in found.changed] == [
        ("worse", "Sinks?"),
        ("worse", "Lost?"),
        ("better", "Gained?"),
        ("removed", "Gone?"),
        ("removed", "Meant otherwise?"),
        ("added", "Meant otherwise?"),
    ]
    assert found.counts == {"same": 1, "worse": 2, "better": 1, "removed": 2, "added": 1}


def test_worse_is_less_of_what_is_good_and_more_of_what_is_bad_beyond_the_margin():
    change = {"success_at_1": -0.05, "ndcg_at_10": 0.3, "wrongly_answered": 0.1, "unanswered": -0.2, "mrr_at_10": None}
    assert worse_beyond(change, 0.0) == ["success_at_1", "wrongly_answered"]
    assert worse_beyond(change, 0.05) == ["wrongly_answered"]
    assert worse_beyond(change, 0.1) == []


def test_a_document_goes_by_its_title_its_file_its_id_in_any_case():
    first, second, third = uuid4(), uuid4(), uuid4()
    base = Targets(
        [
            (first, "Ear  Moulds", "", "moulds.md"),
            (second, "Batteries", "Zinc", "b.md"),
            (third, "Batteries", "", "c.md"),
        ]
    )
    for name in ("ear moulds", "MOULDS.MD", str(first)):
        wanted = base.wanted([Expected(name)])
        assert (set(wanted.by_document), wanted.missing) == ({first}, 0)
    both = base.wanted([Expected("batteries", 2)])
    assert set(both.by_document) == {second, third}
    assert both.things([third, first, second]) == ["batteries", first]  # to find one of them is to find it


def test_a_document_named_twice_counts_once_and_one_that_is_not_there_still_counts():
    first = uuid4()
    wanted = Targets([(first, "Batteries", "", "b.md")]).wanted(
        [Expected("b.md", 1), Expected("Batteries", 3), Expected("Parking", 2)]
    )
    assert wanted.gains == {"batteries": 3, "parking": 2}
    assert wanted.missing == 1
