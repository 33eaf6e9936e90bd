"""What models of transformers that write captions have in common."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, cast

import torch
from PIL import Image

_BEAMS = 3


class _Writer(Protocol):
    """What is used of a model."""

    def eval(self) -> torch.nn.Module: ...

    def generate(self, *, max_new_tokens: int, num_beams: int, **inputs: object) -> torch.Tensor:
        """The tokens of a caption, shape (1, tokens)."""
        ...


class _Processor(Protocol):
    """What prepares pictures, and reads tokens."""

    def __call__(
        self, *, images: Image.Image, return_tensors: str, text: str | None = None
    ) -> dict[str, torch.Tensor]: ...

    def batch_decode(self, tokens: torch.Tensor, *, skip_special_tokens: bool) -> list[str]: ...


class _Published(Protocol):
    """A class of transformers."""

    def from_pretrained(self, folder: Path, **options: object) -> object: ...


@dataclass(frozen=True)
class WritingModel:
    """A model that writes, and what prepares pictures for it."""

    model: _Writer
    processor: _Processor
    device: torch.device
    dtype: torch.dtype

    @classmethod
    def read(
        cls,
        folder: Path,
        classes: tuple[object, object],
        device: torch.device,
        dtype: torch.dtype,
    ) -> Self:
        """Read it from a folder in the layout of transformers.

        Args:
            folder: Where its files are.
            classes: Those of its processor and its model.
            device: Where it works.
            dtype: What it computes in.
        """
        prepares, writes = (cast("_Published", each) for each in classes)
        processor = prepares.from_pretrained(folder, local_files_only=True)
        model = cast(
            "_Writer",
            writes.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=dtype
            ),
        )
        torch.nn.Module.to(model.eval(), device)
        return cls(model, cast("_Processor", processor), device, dtype)

    def written(self, picture: Image.Image, longest: int, text: str | None = None) -> str:
        """What it writes of a picture; the same each time.

        Args:
            picture: RGB.
            longest: Tokens of the caption at the most.
            text: What it is asked, for models that are asked something.
        """
        given = self.processor(images=picture, text=text, return_tensors="pt")
        inputs = {
            name: values.to(self.device, self.dtype if values.is_floating_point() else None)
            for name, values in given.items()
        }
        with torch.no_grad():
            tokens = self.model.generate(
                **inputs, max_new_tokens=longest, num_beams=_BEAMS, do_sample=False
            )
        [words] = self.processor.batch_decode(tokens, skip_special_tokens=True)
        return " ".join(words.split())
