"""Which number formats Easel computes from."""

from backend.schema.models import Precision

READABLE = frozenset(
    {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"}
    | {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"}
    | {"IQ4_NL", "IQ4_XS"}
)
"""As files name them; a test keeps them equal to those that the engine unpacks."""
_REST = 0.01
"""Indices and marks, in formats of their own, take less of a file than this share."""


def readable(precision: Precision) -> bool:
    """Whether the engine can unpack a file's numbers."""
    total = sum(share.bytes for share in precision.shares)
    others = sum(share.bytes for share in precision.shares if share.format not in READABLE)
    return others <= _REST * total
