"""How a file's numbers are stored, in short."""

from collections import Counter
from collections.abc import Iterable

from backend.formats.header import TensorInfo
from backend.library.identify.contents import Contents
from backend.schema.models import Precision, Share

_LABELS = {
    "F64": "fp64",
    "F32": "fp32",
    "F16": "fp16",
    "BF16": "bf16",
    "F8_E4M3": "fp8 e4m3",
    "F8_E5M2": "fp8 e5m2",
    "I8": "int8",
    "U8": "4-bit or 8-bit",
}
_MOST = 0.9
"""A format with this share of the bytes names the file."""
_SCALES = (".scale_weight", ".weight_scale", ".scale_input", ".input_scale")
_NF4 = ".quant_state.bitsandbytes__nf4"
_FP4 = ".quant_state.bitsandbytes__fp4"


def precision_of(contents: Contents) -> Precision:
    """The number formats, largest share first, and one label for them all."""
    shares = _shares(contents.tensors.values())
    return Precision(label=_label(contents, shares), shares=shares)


def short_label(tensors: Iterable[TensorInfo]) -> str:
    """The label of a part of a file."""
    return _by_share(_shares(tensors))


def _shares(tensors: Iterable[TensorInfo]) -> tuple[Share, ...]:
    totals: Counter[str] = Counter()
    for tensor in tensors:
        totals[tensor.dtype] += tensor.bytes
    return tuple(Share(format=name, bytes=size) for name, size in totals.most_common())


def _label(contents: Contents, shares: tuple[Share, ...]) -> str:
    label = _by_share(shares)
    if contents.ending(_NF4):
        return "nf4"
    if contents.ending(_FP4):
        return "fp4"
    if any(share.format.startswith("F8_") for share in shares) and (
        contents.ending(*_SCALES) or contents.has("scaled_fp8")
    ):
        first = next(share.format for share in shares if share.format.startswith("F8_"))
        return f"{_LABELS.get(first, first)} scaled"
    return label


def _by_share(shares: tuple[Share, ...]) -> str:
    if not shares:
        return "empty"
    total = sum(share.bytes for share in shares) or 1
    blocks = [share.format for share in shares if share.format.startswith(("Q", "IQ"))]
    if blocks:  # a GGUF file is known by its main block format, whatever stays in floats
        return blocks[0]
    first = shares[0]
    if first.bytes >= _MOST * total:
        return _LABELS.get(first.format, first.format)
    return f"mixed, mostly {_LABELS.get(first.format, first.format)}"
