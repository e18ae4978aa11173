from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from callbot.speech.graphs import Stretch, cut

pytestmark = pytest.mark.unit


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """y = 3 * (x + 2), with x + 2 on the way."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "two"], ["between"]), helper.make_node("Mul", ["between", "three"], ["y"])],
        "little",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n"])],
        [numpy_helper.from_array(np.array([n], np.float32), name) for name, n in (("two", 2), ("three", 3))],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.save(made, tmp_path / "little.onnx")
    return tmp_path / "little.onnx"


def test_stretches_compute_what_the_whole_computes(model: Path) -> None:
    cut(model, (Stretch("first.onnx", ("x",), ("between",)), Stretch("second.onnx", ("between",), ("y",))))
    x = np.array([1, 5], np.float32)
    (between,) = onnxruntime.InferenceSession(model.with_name("first.onnx")).run(None, {"x": x})
    (y,) = onnxruntime.InferenceSession(model.with_name("second.onnx")).run(None, {"between": between})
    assert between.tolist() == [3, 7]
    assert y.tolist() == [9, 21]


def test_each_stretch_has_only_its_own_weights(model: Path) -> None:
    cut(model, (Stretch("second.onnx", ("between",), ("y",)),))
    assert [weight.name for weight in onnx.load(model.with_name("second.onnx")).graph.initializer] == ["three"]


def test_a_tensor_that_is_not_there_is_named_and_nothing_is_left(model: Path) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        cut(model, (Stretch("first.onnx", ("x",), ("nowhere",)),))
    assert [path.name for path in model.parent.iterdir()] == ["little.onnx"]
