"""Finding people with DWPose: a detector tells where each is, RTMPose where their points are.

DWPose's authors publish their detector, YOLOX, for the hub as ONNX alone, which would need a
runtime of its own; RT-DETR finds people as well and is one of transformers' networks.

Source: Yang et al., “Effective Whole-body Pose Estimation with Two-stages Distillation”, 2023; Zhao
et al., “DETRs Beat YOLOs on Real-time Object Detection”, 2023.
"""

from collections.abc import Iterator

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import IMAGENET, as_tensor, normalised
from backend.engine.control.rtmpose import HEIGHT, PARTS_OF_PIXEL, WIDTH, RtmPose
from backend.engine.control.seeing import at_work
from backend.engine.control.transformers_at_work import configured, transformer_at_work
from backend.schema.controls import WeightsInfo
from backend.schema.poses import FACE, KeyPoint, Person, Points

DETECTOR = WeightsInfo(
    repository="PekingU/rtdetr_r50vd_coco_o365",
    file="model.safetensors",
    bytes=172_175_856,
    license="apache-2.0",
)
POINTS = WeightsInfo(
    repository="wanghaofan/dw-ll_ucoco_384",
    file="dw-ll_ucoco_384.pth",
    bytes=134_747_591,
    license="apache-2.0",
)
_DETECTOR_SIDE = 640
_COCO_CLASSES, _PERSON = 80, 0
_SURE_OF_PERSON = 0.5
_SURE_OF_POINT = 0.3
_AROUND = 1.25
"""How much more than the box of a person is looked at."""
_MOST_PEOPLE = 50
_AT_ONCE = 8
_JOINTS = (0, None, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
"""Where OpenPose's joints are among COCO's; its neck is between the shoulders."""
_SHOULDERS = (5, 6)
_FACE, _LEFT_HAND, _RIGHT_HAND = slice(23, 91), slice(91, 112), slice(112, 133)
Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels."""


def find_people(picture: Image.Image, settings: MapSettings) -> tuple[Person, ...]:
    """Everybody in a picture, with hands and faces, in its pixels.

    Args:
        picture: RGB.
        settings: Whose files are `DETECTOR` and `POINTS`.
    """
    detector, points = settings.files
    configuration = configured("RTDetrConfig", num_labels=_COCO_CLASSES)
    name = "RTDetrForObjectDetection"
    with transformer_at_work(name, configuration, detector, settings.device) as network:
        boxes = people_in(picture, network)
    if not boxes:
        return ()
    with at_work(RtmPose, points, settings.device) as network:
        return tuple(points_in(picture, boxes, network))


def people_in(picture: Image.Image, network: Module) -> list[Box]:
    """Where people are, the surest first."""
    device = next(network.parameters()).device
    shown = picture.resize((_DETECTOR_SIDE, _DETECTOR_SIDE), Image.Resampling.BILINEAR)
    told = network(as_tensor(shown, device))
    logits: Tensor = told.logits[0].sigmoid().cpu()
    boxes: Tensor = told.pred_boxes[0].float().cpu()
    scores, kinds = logits.max(1)
    found = ((kinds == _PERSON) & (scores > _SURE_OF_PERSON)).nonzero().flatten()
    surest = found[scores[found].argsort(descending=True)][:_MOST_PEOPLE]
    size = torch.tensor([picture.width, picture.height], dtype=torch.float32)
    centres, sides = boxes[surest, :2] * size, boxes[surest, 2:] * size
    corners = torch.cat((centres - sides / 2, centres + sides / 2), 1)
    return [(left, top, right, bottom) for left, top, right, bottom in corners.tolist()]


def points_in(picture: Image.Image, boxes: list[Box], network: Module) -> Iterator[Person]:
    """The points of people, in the picture's pixels."""
    device = next(network.parameters()).device
    for start in range(0, len(boxes), _AT_ONCE):
        windows = [_window(box) for box in boxes[start : start + _AT_ONCE]]
        crops = [as_tensor(_cropped(picture, window), device) for window in windows]
        columns, rows = network(normalised(torch.cat(crops), *IMAGENET))
        across, x = columns.float().cpu().max(2)
        down, y = rows.float().cpu().max(2)
        scores = torch.minimum(across, down)
        for number, (left, top, right, _) in enumerate(windows):
            scale = (right - left) / (WIDTH * PARTS_OF_PIXEL)
            places = torch.stack((x[number] * scale + left, y[number] * scale + top), 1)
            yield _person(places, scores[number])


def _window(box: Box) -> Box:
    """What is looked at of a person: more than its box, in the network's proportions."""
    left, top, right, bottom = box
    width = max(right - left, (bottom - top) * WIDTH / HEIGHT, 1.0) * _AROUND
    height = width * HEIGHT / WIDTH
    x, y = (left + right) / 2, (top + bottom) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _cropped(picture: Image.Image, window: Box) -> Image.Image:
    """A part of a picture at the network's size; what lies beside the picture is black."""
    left, top, right, bottom = window
    across, down = (right - left) / WIDTH, (bottom - top) / HEIGHT
    way = (across, 0, left, 0, down, top)
    return picture.transform(
        (WIDTH, HEIGHT), Image.Transform.AFFINE, way, Image.Resampling.BILINEAR
    )


def _person(places: Tensor, scores: Tensor) -> Person:
    told = zip(places.tolist(), scores.tolist(), strict=True)
    points: Points = tuple(
        KeyPoint(x=x, y=y) if score > _SURE_OF_POINT else None for (x, y), score in told
    )
    face = points[_FACE]
    return Person(
        body=tuple(_neck(points) if joint is None else points[joint] for joint in _JOINTS),
        left_hand=_if_any(points[_LEFT_HAND]),
        right_hand=_if_any(points[_RIGHT_HAND]),
        face=_if_any(face + (None,) * (FACE - len(face))),
    )


def _neck(points: Points) -> KeyPoint | None:
    left, right = (points[each] for each in _SHOULDERS)
    return KeyPoint(x=(left.x + right.x) / 2, y=(left.y + right.y) / 2) if left and right else None


def _if_any(points: Points) -> Points:
    return points if any(points) else ()
