"""Words for pictures, in several phrasings, so that the model does not hang on one."""

from dataclasses import dataclass

import numpy as np

Random = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class ObjectCaption:
    """What a picture of one object shows; `colour` is None where it is not to be named."""

    words: tuple[str, ...]
    colour: str | None
    background: str


@dataclass(frozen=True, kw_only=True)
class PairCaption:
    """Two objects side by side on one background."""

    left: ObjectCaption
    right: ObjectCaption


@dataclass(frozen=True, kw_only=True)
class SceneCaption:
    """What a scene shows: phrasings that all fit it, the most usual first."""

    phrases: tuple[str, ...]


def say_object(caption: ObjectCaption, random: Random) -> str:
    """Phrase a caption such as “blue cat, 3d style, yellow background”."""
    name = _name(caption, random)
    frame = random.random()
    if frame < 0.12:
        name = f"a {name}"
    elif frame < 0.18:
        name = f"a picture of a {name}"
    elif frame < 0.24:
        name = f"{name} emoji"
    return _placed(name, caption.background, random)


def say_pair(caption: PairCaption, random: Random) -> str:
    """Phrase a caption such as “a red apple and a dog, white background”; the left comes first."""
    left, right = (_name(each, random) for each in (caption.left, caption.right))
    frame = random.random()
    if frame < 0.4:
        name = f"a {left} and a {right}"
    elif frame < 0.8:
        name = f"{left} and {right}"
    else:
        name = f"a {left} next to a {right}"
    return _placed(name, caption.left.background, random)


def _name(caption: ObjectCaption, random: Random) -> str:
    """One of the words, the first of them half the time, with the colour where it is named."""
    words = caption.words
    name = words[0] if random.random() < 0.5 else words[int(random.integers(len(words)))]
    return name if caption.colour is None else f"{caption.colour} {name}"


def _placed(name: str, background: str, random: Random) -> str:
    """Add style and background.

    A white background is named half the time, because a prompt without any should give white.
    """
    parts = [name]
    style = "3d style" if random.random() < 0.6 else None
    if background != "white" and random.random() < 0.35:
        article = str(random.choice(["", "a "]))
        parts[0] += f" on {article}{background} background"
        return ", ".join([*parts, *([style] if style else [])])
    parts += [style] if style else []
    if background != "white" or random.random() < 0.5:
        parts.append(f"{background} background")
    return ", ".join(parts)


def say_scene(caption: SceneCaption, random: Random) -> str:
    """Phrase a caption such as “beautiful mountain landscape at sunset, illustration”."""
    phrase = caption.phrases[int(random.integers(len(caption.phrases)))]
    if random.random() < 0.1:
        phrase = f"beautiful {phrase}"
    elif random.random() < 0.15:
        phrase = f"a picture of {phrase}"
    tail = str(random.choice(["", "", ", illustration", ", 3d style"]))
    return phrase + tail
