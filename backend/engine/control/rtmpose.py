"""RTMPose's large network for whole bodies, as DWPose publishes it.

Names of its parts are those of mmpose's weights, so that the published file fits.

Source: Jiang et al., “RTMPose”, 2023; Lyu et al., “RTMDet”, 2022, for the backbone CSPNeXt; Hua et
al., “Transformer Quality in Linear Time”, 2022, for the gated attention; Yang et al., “Effective
Whole-body Pose Estimation with Two-stages Distillation” (DWPose), 2023, for the weights.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH, HEIGHT = 288, 384
"""Of what it looks at: one person, in pixels."""
POINTS = 133
"""17 of the body, 6 of the feet, 68 of the face, 21 of each hand, as COCO-WholeBody has them."""
PARTS_OF_PIXEL = 2
"""How finely it tells places."""
_STAGES = ((64, 128, 3), (128, 256, 6), (256, 512, 6), (512, 1024, 3))
"""Channels before and after, and blocks."""
_STRIDE = 32
_HIDDEN, _WIDE, _KEYS = 256, 512, 128


class RtmPose(nn.Module):
    """Tells where a person's points are, as scores for each column and each row."""

    def __init__(self) -> None:
        """Make it with random weights."""
        super().__init__()
        self.backbone = _CspNext()
        self.head = _Head()

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Look at people.

        Args:
            pixels: Normalised RGB, shape (people, 3, HEIGHT, WIDTH).

        Returns:
            Scores of columns and of rows, shapes (people, POINTS, PARTS_OF_PIXEL · WIDTH) and the
            same with HEIGHT.
        """
        return self.head(self.backbone(pixels))


class _Convolution(nn.Sequential):
    """A convolution, normalised and activated."""

    def __init__(
        self, inner: int, outer: int, kernel: int, *, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        padding = kernel // 2
        convolution = nn.Conv2d(inner, outer, kernel, stride, padding, groups=groups, bias=False)
        self.add_module("conv", convolution)
        self.add_module("bn", nn.BatchNorm2d(outer))
        self.add_module("activate", nn.SiLU())


class _Separable(nn.Sequential):
    """Each channel by itself with a large kernel, then all of them together."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.add_module("depthwise_conv", _Convolution(channels, channels, kernel, groups=channels))
        self.add_module("pointwise_conv", _Convolution(channels, channels, 1))


class _Block(nn.Module):
    def __init__(self, channels: int, *, adds: bool) -> None:
        super().__init__()
        self.conv1 = _Convolution(channels, channels, 3)
        self.conv2 = _Separable(channels, 5)
        self.adds = adds

    def forward(self, seen: Tensor) -> Tensor:
        found = self.conv2(self.conv1(seen))
        return found + seen if self.adds else found


class _Attention(nn.Module):
    """Weighs channels by what they hold on the whole."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(channels, channels, 1)

    def forward(self, seen: Tensor) -> Tensor:
        return seen * functional.hardsigmoid(self.fc(seen.mean((2, 3), keepdim=True)))


class _Layer(nn.Module):
    """Half of the channels through blocks, the other half past them."""

    def __init__(self, channels: int, blocks: int, *, adds: bool) -> None:
        super().__init__()
        half = channels // 2
        self.main_conv = _Convolution(channels, half, 1)
        self.short_conv = _Convolution(channels, half, 1)
        self.final_conv = _Convolution(channels, channels, 1)
        self.blocks = nn.Sequential(*(_Block(half, adds=adds) for _ in range(blocks)))
        self.attention = _Attention(channels)

    def forward(self, seen: Tensor) -> Tensor:
        both = torch.cat((self.blocks(self.main_conv(seen)), self.short_conv(seen)), 1)
        return self.final_conv(self.attention(both))


class _Pyramid(nn.Module):
    """What is around, in several sizes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _Convolution(channels, channels // 2, 1)
        self.conv2 = _Convolution(channels * 2, channels, 1)

    def forward(self, seen: Tensor) -> Tensor:
        near = self.conv1(seen)
        around = (functional.max_pool2d(near, size, 1, size // 2) for size in (5, 9, 13))
        return self.conv2(torch.cat((near, *around), 1))


class _CspNext(nn.Sequential):
    def __init__(self) -> None:
        super().__init__()
        first = _STAGES[0][0]
        stem = nn.Sequential(
            _Convolution(3, first // 2, 3, stride=2),
            _Convolution(first // 2, first // 2, 3),
            _Convolution(first // 2, first, 3),
        )
        self.add_module("stem", stem)
        for number, (inner, outer, blocks) in enumerate(_STAGES, 1):
            last = number == len(_STAGES)
            stage = (
                _Convolution(inner, outer, 3, stride=2),
                *((_Pyramid(outer),) if last else ()),
                _Layer(outer, blocks, adds=not last),
            )
            self.add_module(f"stage{number}", nn.Sequential(*stage))


class _ScaleNorm(nn.Module):
    """To one length, which is learned."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.ones(1))
        self.scale = width**-0.5

    def forward(self, values: Tensor) -> Tensor:
        length = values.norm(dim=-1, keepdim=True) * self.scale
        return values / length.clamp_min(1e-5) * self.g


class _Scale(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))


class _GatedAttention(nn.Module):
    """What each point learns of the others."""

    def __init__(self) -> None:
        super().__init__()
        self.ln = _ScaleNorm(_HIDDEN)
        self.uv = nn.Linear(_HIDDEN, 2 * _WIDE + _KEYS, bias=False)
        self.o = nn.Linear(_WIDE, _HIDDEN, bias=False)
        self.gamma = nn.Parameter(torch.rand(2, _KEYS))
        self.beta = nn.Parameter(torch.rand(2, _KEYS))
        self.res_scale = _Scale(_HIDDEN)

    def forward(self, points: Tensor) -> Tensor:
        mixed = functional.silu(self.uv(self.ln(points)))
        gate, values, base = mixed.split((_WIDE, _WIDE, _KEYS), 2)
        queries, keys = (base[:, :, None] * self.gamma + self.beta).unbind(2)
        weights = functional.relu(queries @ keys.transpose(1, 2) / _KEYS**0.5).square()
        return points * self.res_scale.scale + self.o(gate * (weights @ values))


class _Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        cells = (WIDTH // _STRIDE) * (HEIGHT // _STRIDE)
        self.final_layer = nn.Conv2d(_STAGES[-1][1], POINTS, 7, padding=3)
        self.mlp = nn.Sequential(_ScaleNorm(cells), nn.Linear(cells, _HIDDEN, bias=False))
        self.gau = _GatedAttention()
        self.cls_x = nn.Linear(_HIDDEN, WIDTH * PARTS_OF_PIXEL, bias=False)
        self.cls_y = nn.Linear(_HIDDEN, HEIGHT * PARTS_OF_PIXEL, bias=False)

    def forward(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        points = self.gau(self.mlp(self.final_layer(seen).flatten(2)))
        return self.cls_x(points), self.cls_y(points)
