"""Which part of a picture a network sees, where it is drawn in tiles."""

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class Window:
    """The part that is being seen; whoever cuts pictures into tiles moves it.

    What was made of the whole picture once, such as the map that steers a drawing, is cut to it.
    """

    height: int = 0
    """Of the whole picture, in latents."""
    rows: Tensor | None = field(default=None)
    """Those that are seen, counted in latents; None where all are."""
    columns: Tensor | None = field(default=None)

    def show(self, height: int, rows: Tensor, columns: Tensor) -> None:
        """Move to a part of a picture that is so many latents high."""
        self.height, self.rows, self.columns = height, rows, columns

    def show_all(self) -> None:
        """Move to the whole picture."""
        self.rows = self.columns = None

    def cut(self, whole: Tensor) -> Tensor:
        """The part of what was made of the whole picture, however coarse or fine it is.

        Args:
            whole: Shape (…, height, width), in latents, or in whole numbers of them, or in pixels.
        """
        if self.rows is None or self.columns is None:
            return whole
        rows, columns = (self._finer(each, whole.shape[-2]) for each in (self.rows, self.columns))
        return whole[..., rows.to(whole.device)[:, None], columns.to(whole.device)]

    def _finer(self, places: Tensor, height: int) -> Tensor:
        """Places in what is so much finer, or coarser, than the latents."""
        if height >= self.height:
            scale = height // self.height
            return (places[:, None] * scale + torch.arange(scale)).flatten()
        return places[:: round(self.height / height)].mul(height).div(self.height).long()
