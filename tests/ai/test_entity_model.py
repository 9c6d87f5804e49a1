"""The optional entity model, by a tiny network of the same form: what it names is read as every other mention."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from auricle.ai.entities.find import find_entities
from auricle.ai.entities.learned import LearnedReader, ModelUnusable
from auricle.ai.loading import Models
from auricle.ai.local import LocalAI
from tests.ai.conversations import talk

LABELS = ["O", "B-Sign_symptom", "I-Sign_symptom", "B-Medication", "B-Color"]
WORDS = {"[UNK]": 0, "glorbing": 1, "sensation": 2, "zelvaprim": 3, "fever": 1, "blue": 4}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model whose label for a token is the row of a table: the least network that the real path can run."""
    at = tmp_path_factory.mktemp("model")
    words = list(WORDS)
    table = np.full((len(words), len(LABELS)), -4, np.float32)
    for row, word in enumerate(words):
        table[row, WORDS[word]] = 4
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["logits"])],
        "tagger",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "t"]) for name in ("input_ids",)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", "t", len(LABELS)])],
        [numpy_helper.from_array(table, "table")],
    )
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(network, str(at / "model.onnx"))
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(at / "tokenizer.json"))
    (at / "config.json").write_text(json.dumps({"id2label": dict(enumerate(LABELS))}), "utf-8")
    return at


def found_by(folder, *said):
    utterances = talk(*said)
    return find_entities(utterances, LearnedReader(folder).read(utterances))


def test_words_that_no_list_knows_are_found_and_read_as_they_are_meant(folder):
    symptom, drug = found_by(folder, "c: any glorbing sensation", "p: no", "p: my father takes zelvaprim 5 mg daily")
    assert (symptom.kind, symptom.name, symptom.negated) == ("symptom", "glorbing sensation", True)
    assert (drug.kind, drug.name, drug.value, drug.experiencer) == ("drug", "zelvaprim", "5 mg", "family")


def test_what_a_list_knows_stays_the_lists_and_other_labels_are_nothing(folder):
    (fever,) = found_by(folder, "p: i have a fever and it is blue")
    assert fever.name == "fever"


def test_a_long_text_is_read_in_windows_that_overlap(folder):
    named = LearnedReader(folder).read(talk(f"d: {'and ' * 500}glorbing sensation {'and ' * 900}zelvaprim"))["u0"]
    assert [(n.kind, n.end - n.start) for n in named] == [("symptom", 18), ("drug", 9)]


async def test_the_clinical_ai_uses_the_model_that_is_set_and_says_so(folder):
    ai = LocalAI(models=Models(folder))
    (entity,) = await ai.entities(talk("p: a glorbing sensation"))
    assert entity.kind == "symptom"
    assert {s.name: s.state for s in ai.status()}["entity model"] == "ready"


@pytest.mark.parametrize("broken", ["model.onnx", "tokenizer.json", "config.json"])
def test_a_folder_without_a_whole_model_is_a_configuration_error(folder, tmp_path, broken):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(b"{}" if file.name == broken else file.read_bytes())
    with pytest.raises(ModelUnusable) as refused:
        LearnedReader(tmp_path)
    assert str(tmp_path) not in str(refused.value)


def test_a_model_whose_labels_are_none_of_ours_is_refused(folder, tmp_path):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "O", "1": "B-Color"}}), "utf-8")
    with pytest.raises(ModelUnusable):
        LearnedReader(tmp_path)
