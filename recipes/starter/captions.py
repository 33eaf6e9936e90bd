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
class SceneCaption:
    """What a scene shows: phrasings that all fit it, the most usual first."""

    phrases: tuple[str, ...]


def say_object(caption: ObjectCaption, random: Random) -> str:
    """Phrase a caption such as “blue cat, 3d style, yellow background”.

    The first of the words is taken half the time. A white background is named half the time,
    because a prompt without any background should give white.
    """
    words = caption.words
    name = words[0] if random.random() < 0.5 else words[int(random.integers(len(words)))]
    if caption.colour is not None:
        name = f"{caption.colour} {name}"
    frame = random.random()
    if frame < 0.12:
        name = f"a {name}"
    elif frame < 0.18:
        name = f"a picture of a {name}"
    elif frame < 0.24:
        name = f"{name} emoji"
    parts = [name]
    style = "3d style" if random.random() < 0.6 else None
    if caption.background != "white" and random.random() < 0.35:
        article = str(random.choice(["", "a "]))
        parts[0] += f" on {article}{caption.background} background"
        return ", ".join([*parts, *([style] if style else [])])
    parts += [style] if style else []
    if caption.background != "white" or random.random() < 0.5:
        parts.append(f"{caption.background} background")
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
