"""A turn model from a file: its features, its verdict on a turn, and files that are none."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auricle.doctor import turn_model
from auricle.errors import Misconfigured
from auricle.providers.ports import Transcript
from auricle.voice.turn import HOLD_S
from auricle.voice.turn_model import FRAMES, MELS, SmartTurn, features
from auricle.voice.vad import SharedVad
from tests.voice.stage import PHRASE_A, PHRASE_B, Providers, call, now, speech
from tests.voice.virtual_time import in_virtual_time

onnx = pytest.importorskip("onnx", reason="builds its models with the package onnx")


def write_model(
    path: Path, p: float, *, source: str = "input_features", answer: str = "logits", mels: int = 80
) -> Path:
    """A network that looks at its input and answers `p` all the same."""
    helper, kinds = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("ReduceMean", [source, "axes"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "p"], ["flat"]),
        helper.make_node("Reshape", ["flat", "column"], [answer]),
    ]
    constants = [
        helper.make_tensor("axes", kinds.INT64, [2], [1, 2]),
        helper.make_tensor("zero", kinds.FLOAT, [], [0.0]),
        helper.make_tensor("p", kinds.FLOAT, [], [p]),
        helper.make_tensor("column", kinds.INT64, [2], [-1, 1]),
    ]
    sound = helper.make_tensor_value_info(source, kinds.FLOAT, ["batch", mels, 800])
    verdict = helper.make_tensor_value_info(answer, kinds.FLOAT, ["batch", 1])
    graph = helper.make_graph(nodes, "turn", [sound], [verdict], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, str(path))
    return path


def tone(hz: float, rate_hz: int, length_s: float = 2.0) -> bytes:
    return (12_000 * np.sin(2 * np.pi * hz * np.arange(int(rate_hz * length_s)) / rate_hz)).astype("<i2").tobytes()


@pytest.mark.parametrize(("hz", "band"), [(300, 7), (1_000, 26), (3_000, 53)])
def test_a_tone_stands_in_the_band_of_its_pitch_at_the_end_of_eight_seconds(hz: float, band: int) -> None:
    found = features(tone(hz, 16_000), 16_000)
    assert found.shape == (MELS, FRAMES) and found.dtype == np.float32
    assert abs(int(found[:, 700].argmax()) - band) <= 1
    assert found[:, :590].max() == found.min()  # six seconds of silence before it


def test_telephone_sound_gives_the_same_features_and_any_length_is_taken() -> None:
    wide, narrow = features(tone(1_000, 16_000), 16_000), features(tone(1_000, 8_000), 8_000)
    assert abs(wide[:, 700].argmax() - narrow[:, 700].argmax()) <= 1
    for pcm in (b"", bytes(2), bytes(640), tone(500, 16_000, 20.0), b"\xff\x7f" * 1_000):
        assert np.isfinite(features(pcm, 16_000)).all()


async def answered_after(vad: SharedVad, model: SmartTurn, transcript: Transcript) -> float:
    async def recognize(audio: Any) -> Any:
        async for piece in audio:
            if not isinstance(piece, bytes):
                await asyncio.sleep(0.1)
                yield transcript

    c = call(vad, Providers(stt_fault=recognize), turn_model=model)
    await c.line.hush(0.6)
    await c.line.say(speech(PHRASE_A))
    stopped = now()
    started = await c.line.until("audio")
    await c.end()
    assert [record.user_text for record in c.providers.records] == [transcript.text]
    return started - stopped


@pytest.mark.parametrize("p", [0.5, 0.97])
def test_a_turn_that_sounds_complete_ends_as_without_a_model(vad: SharedVad, tmp_path: Path, p: float) -> None:
    with SmartTurn(write_model(tmp_path / "done.onnx", p)) as model:
        assert in_virtual_time(answered_after(vad, model, Transcript(PHRASE_A, is_final=True))) <= 0.85


def test_a_turn_that_sounds_unfinished_is_held_but_not_for_ever(vad: SharedVad, tmp_path: Path) -> None:
    with SmartTurn(write_model(tmp_path / "more.onnx", 0.49)) as model:
        after_s = in_virtual_time(answered_after(vad, model, Transcript(PHRASE_A, is_final=True)))
        assert HOLD_S + 0.5 <= after_s <= HOLD_S + 0.9
        own = Transcript(PHRASE_A, is_final=True, end_of_turn=True)  # the recognizer knows better
        assert in_virtual_time(answered_after(vad, model, own)) <= 0.85


def test_what_is_said_after_a_held_pause_belongs_to_the_same_turn(vad: SharedVad, tmp_path: Path) -> None:
    async def scenario(model: SmartTurn) -> None:
        async def two_parts(audio: Any) -> Any:
            parts = iter((PHRASE_A, PHRASE_B))
            async for piece in audio:
                if not isinstance(piece, bytes):
                    yield Transcript(next(parts), is_final=True)

        c = call(vad, Providers(stt_fault=two_parts), turn_model=model)
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.hush(0.9)
        await c.line.say(speech(PHRASE_B))
        await c.line.until("metrics")
        await c.end()
        assert [record.user_text for record in c.providers.records] == [f"{PHRASE_A} {PHRASE_B}"]

    with SmartTurn(write_model(tmp_path / "more.onnx", 0.1)) as model:
        in_virtual_time(scenario(model))


async def test_a_model_that_fails_or_falls_behind_leaves_it_to_silence(tmp_path: Path) -> None:
    with SmartTurn(write_model(tmp_path / "more.onnx", 0.1)) as model:
        verdicts = await asyncio.gather(*(model.is_complete(bytes(640), 16_000) for _ in range(20)))
        assert verdicts[0] is False and verdicts[-1] is True
        assert await model.is_complete(b"\0", 16_000) is True  # half a sample


def test_a_file_that_is_missing_or_no_such_model_is_refused_at_start_and_the_doctor_says_so(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.onnx"
    rubbish.write_bytes(b"not a model")
    wrong = [
        tmp_path / "nowhere.onnx",
        tmp_path,
        rubbish,
        write_model(tmp_path / "a.onnx", 0.5, source="audio"),
        write_model(tmp_path / "b.onnx", 0.5, answer="probability"),
        write_model(tmp_path / "c.onnx", 0.5, mels=128),
        write_model(tmp_path / "d.onnx", 3.0),
        write_model(tmp_path / "e.onnx", float("nan")),
    ]
    for path in wrong:
        with pytest.raises(Misconfigured):
            SmartTurn(path)
        assert not turn_model(path).ok
    assert turn_model(write_model(tmp_path / "good.onnx", 0.5)).ok
    assert turn_model(None).ok
