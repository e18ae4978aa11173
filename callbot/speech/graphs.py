"""A model's graph cut into stretches, so that what flows between them can be looked at and shortened.

onnx is imported only while cutting: that happens once, when a model is installed.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of an ONNX graph that becomes a file of its own, with every node between two rows of tensors."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def cut(source: Path, stretches: Sequence[Stretch]) -> None:
    """Write every stretch of the model ``source`` beside it. Nodes and weights stay as they are, bit for bit.

    Blocking: about a second and three times the size of the model in memory. Each file appears whole, by rename.
    Errors: ``OSError``; ``ValueError`` for a tensor that no node makes.
    """
    import onnx
    from onnx.utils import Extractor

    model = onnx.load(source)
    known = {value.name for value in (*model.graph.input, *model.graph.output)}
    inner = {name for stretch in stretches for name in (*stretch.inputs, *stretch.outputs)} - known
    if missing := inner - {name for node in model.graph.node for name in node.output}:
        raise ValueError(f"{source} has no {', '.join(sorted(missing))}")
    # The extractor wants the type of each end. Ends within the graph are floats here, of a length known at run time.
    model.graph.value_info.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in sorted(inner)
    )
    extractor = Extractor(model)
    for stretch in stretches:
        part = extractor.extract_model(list(stretch.inputs), list(stretch.outputs))
        _write(source.parent / stretch.name, part.SerializeToString())


def _write(path: Path, content: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
