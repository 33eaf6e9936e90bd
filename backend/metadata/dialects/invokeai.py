"""InvokeAI: JSON in `invokeai_metadata`, before version 3 in `sd-metadata`, before that `Dream`.

Sources: invokeai/app/invocations/metadata.py and, of version 2, ldm/invoke/pngwriter.py of
github.com/invoke-ai/InvokeAI.
"""

import json
import re
from collections.abc import Mapping

from backend.metadata.dialect import dialect
from backend.metadata.file_texts import FileTexts
from backend.metadata.loose import Object, as_object, number_in, object_in, objects_in, text_in
from backend.metadata.teller import Teller
from backend.schema.catalogue import Catalogue
from backend.schema.control_settings import UNITS
from backend.schema.fields import Scalar
from backend.schema.readings import ModelUse, Reading

_PROGRAM = "InvokeAI"
_FIELDS: Mapping[str, str] = {
    "seed": "seed.value",
    "steps": "sampling.steps",
    "cfg_scale": "sampling.cfg_scale",
    "guidance": "sampling.guidance",
    "cfg_rescale_multiplier": "sampling.cfg_rescale",
    "width": "size.width",
    "height": "size.height",
}
_SAMPLERS: Mapping[str, str] = {
    "kdpm_2": "dpm_2",
    "kdpm_2_a": "dpm_2_a",
    "dpmpp_2s": "dpmpp_2s_a",
    "dpmpp_3m": "dpmpp_3m_sde",
    "unipc": "uni_pc",
    "flow_euler": "euler",
    "flow_heun": "heun",
}
"""Its names of samplers that nobody else calls so."""
_CONTROLS: Mapping[str, str] = {
    "controlnets": "control_model",
    "t2iAdapters": "t2i_adapter_model",
    "ipAdapters": "ip_adapter_model",
}
_MODES: Mapping[str, str] = {
    "balanced": "balanced",
    "more_prompt": "prompt",
    "more_control": "control",
    "unbalanced": "control",
}
_FITS: Mapping[str, str] = {
    "just_resize": "stretch",
    "just_resize_simple": "stretch",
    "crop_resize": "crop",
    "fill_resize": "fill",
}
_KNOWN = {
    *_FIELDS,
    *_CONTROLS,
    *("positive_prompt", "negative_prompt", "positive_style_prompt", "negative_style_prompt"),
    *("scheduler", "model", "vae", "loras", "clip_skip", "rand_device"),
    *("app_version", "generation_mode"),
}
_COMPEL = re.compile(r"\)(?:[\d.]+|[+-]+)|\w[+-]{1,9}(?:[\s,.]|$)|\.(?:and|blend|swap)\(")
_TRIGGER = re.compile(r"<([\w .\-]+)>")
_SWITCH = re.compile(r"(?:^|\s)-([sSWHCA])\s?([^\s\"]+)")
_SWITCHES: Mapping[str, str] = {
    "s": "steps",
    "S": "seed",
    "W": "width",
    "H": "height",
    "C": "cfg_scale",
    "A": "sampler",
}


@dialect(_PROGRAM)
def read(texts: FileTexts, catalogue: Catalogue) -> Reading | None:
    """Read what any of its versions wrote."""
    newest = _json(texts.text("invokeai_metadata"))
    if newest:
        return _newest(newest, texts.text("invokeai_metadata"), Teller(catalogue))
    second = _json(texts.text("sd-metadata"))
    if second:
        return _second(second, texts.text("sd-metadata"), Teller(catalogue))
    dream = texts.text("Dream")
    return _dream(dream, Teller(catalogue)) if dream else None


def _json(text: str) -> Object:
    try:
        return as_object(json.loads(text)) if text else {}
    except (ValueError, RecursionError):
        return {}


def _newest(told: Object, text: str, teller: Teller) -> Reading:
    _words(text_in(told, "positive_prompt"), text_in(told, "negative_prompt"), teller)
    for key, field_id in _FIELDS.items():
        teller.put(field_id, number_in(told, key))
    _sampler(text_in(told, "scheduler"), teller)
    skipped = number_in(told, "clip_skip")
    if skipped:  # it counts what is left out, A1111 and Easel the layer that is used
        teller.put("model.clip_skip", skipped + 1, "CLIP skip")
    device = text_in(told, "rand_device")
    teller.put("seed.noise", "gpu" if device not in {"", "cpu"} else device)
    _part("model.checkpoint", "checkpoint", object_in(told, "model"), teller)
    _part("model.vae", "vae", object_in(told, "vae"), teller)
    _adapters(told, teller)
    for side in ("positive", "negative"):
        style = text_in(told, f"{side}_style_prompt")
        if style != text_in(told, f"{side}_prompt"):
            teller.unused(f"{side.title()} style prompt", style)
    for key, value in told.items():
        if key not in _KNOWN and not isinstance(value, dict | list) and value not in (None, False):
            teller.unused(key.replace("_", " "), value)
    return teller.reading(_PROGRAM, text)


def _adapters(told: Object, teller: Teller) -> None:
    """LoRAs, and what guides the picture."""
    for lora in objects_in(told, "loras"):
        name, digits = _model(object_in(lora, "model") or object_in(lora, "lora"))
        weight = number_in(lora, "weight")
        teller.lora(name, 1.0 if weight is None else weight, digits=digits)
    found = (
        (object_in(control, inner), control)
        for key, inner in _CONTROLS.items()
        for control in objects_in(told, key)
    )
    for number, (model, control) in enumerate(found, 1):
        _control(number, model, control, teller)


def _second(told: Object, text: str, teller: Teller) -> Reading:
    image = object_in(told, "image") or next(iter(objects_in(told, "images")), {})
    prompts = objects_in(image, "prompt")
    words = text_in(prompts[0], "prompt") if prompts else text_in(image, "prompt")
    _bracketed(words, teller)
    for key in ("seed", "steps", "cfg_scale", "width", "height"):
        teller.put(_FIELDS[key], number_in(image, key))
    _sampler(text_in(image, "sampler"), teller)
    name, digits = text_in(told, "model_weights"), text_in(told, "model_hash")
    teller.part("model.checkpoint", "checkpoint", name, digits)
    for key in ("threshold", "perlin", "hires_fix", "seamless", "variations", "postprocessing"):
        if image.get(key) not in (None, 0, False):
            teller.unused(key.replace("_", " "), image.get(key))
    if text_in(image, "type") == "img2img":
        teller.say("It was begun from another picture, which is not in the file.")
    return teller.reading(_PROGRAM, text)


def _dream(text: str, teller: Teller) -> Reading:
    quoted, _, switches = text.rpartition('"')
    _bracketed(quoted.strip().removeprefix('"'), teller)
    for letter, value in _SWITCH.findall(switches):
        key = _SWITCHES[letter]
        if key == "sampler":
            _sampler(value, teller)
        else:
            teller.put(_FIELDS[key], value)
    return teller.reading(_PROGRAM, text)


def _bracketed(words: str, teller: Teller) -> None:
    """Prompts of versions 1 and 2, in which the negative one stands in square brackets."""
    start, end = words.rfind("["), words.rfind("]")
    inside = 0 <= start < end
    negative = words[start + 1 : end] if inside else ""
    _words(words[:start] + words[end + 1 :] if inside else words, negative, teller)


def _words(positive: str, negative: str, teller: Teller) -> None:
    teller.words(positive.strip(), negative.strip())
    if _COMPEL.search(positive) or _COMPEL.search(negative):
        teller.say(
            "The prompt has InvokeAI's own signs (word+, (words)1.2, .and()), which Easel reads as "
            "words: write the weights as (words:1.2)."
        )
    for name in _TRIGGER.findall(f"{positive} {negative}"):
        teller.model("embedding", name)


def _sampler(name: str, teller: Teller) -> None:
    """Its names: those that end in `_k` have the schedule of Karras."""
    plain = name.removesuffix("_k") if name.endswith("_k") else name
    teller.sampler(_SAMPLERS.get(plain, plain), "karras" if plain != name else "")


def _part(field_id: str, use: ModelUse, model: Object, teller: Teller) -> None:
    name, digits = _model(model)
    teller.part(field_id, use, name, digits)


def _model(model: Object) -> tuple[str, str]:
    """A model's name and hash; the hash begins with what made it, such as `blake3:`."""
    digits = text_in(model, "hash")
    return text_in(model, "name") or text_in(model, "model_name"), digits.rpartition(":")[2]


def _control(number: int, model: Object, control: Object, teller: Teller) -> None:
    """A unit; InvokeAI keeps the map, so that nothing has to make one of the picture again."""
    name, digits = _model(model)
    weight = number_in(control, "control_weight")
    told: dict[str, Scalar] = {
        "model": name,
        "weight": number_in(control, "weight") if weight is None else weight,
        "start": number_in(control, "begin_step_percent"),
        "end": number_in(control, "end_step_percent"),
        "mode": _MODES.get(text_in(control, "control_mode")),
        "fit": _FITS.get(text_in(control, "resize_mode")),
    }
    own = {f"control{number}.{field}": value for field, value in told.items()}
    teller.unit(number, own if name and number <= UNITS else {}, name, digits)
