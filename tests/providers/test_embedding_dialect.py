"""Vectors as OpenAI-like servers send them: numbers or base64, in order or not, with an index or without."""

import base64
from struct import pack
from typing import Any

import pytest

from auricle.providers.dialects.openai_api import vectors_of
from auricle.providers.ports import ProviderGarbled


def rows(*embeddings: Any, indexed: bool = True) -> dict[str, Any]:
    return {"data": [{"embedding": e} | ({"index": i} if indexed else {}) for i, e in enumerate(embeddings)]}


def encoded(*numbers: float) -> str:
    return base64.b64encode(pack(f"<{len(numbers)}f", *numbers)).decode()


def test_base64_and_numbers_are_the_same_vectors() -> None:
    plain, packed = vectors_of(rows([3.0, 4.0], [0.0, 2.0]), 2), vectors_of(rows(encoded(3, 4), encoded(0, 2)), 2)
    assert plain.ravel().tolist() == pytest.approx(packed.ravel().tolist())
    assert plain[0].tolist() == pytest.approx([0.6, 0.8])


def test_rows_out_of_order_are_put_in_order_and_rows_without_an_index_are_in_order() -> None:
    backwards = {"data": rows([1.0, 0.0], [0.0, 1.0])["data"][::-1]}
    assert vectors_of(backwards, 2).tolist() == vectors_of(rows([1.0, 0.0], [0.0, 1.0], indexed=False), 2).tolist()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"data": None},
        {"data": ["x"]},
        rows([1.0]),
        rows([1.0], [1.0], [1.0]),
        rows([1.0], [1.0, 2.0]),
        rows([0.0], [1.0]),
        rows([float("nan")], [1.0]),
        rows("not base64!", "AAAA"),
        rows("AAAAAA==", encoded(1)),
        {"data": [{"index": 0, "embedding": [1.0]}, {"embedding": [1.0]}]},
    ],
)
def test_nonsense_is_garbled(answer: Any) -> None:
    with pytest.raises(ProviderGarbled):
        vectors_of(answer, 2)
