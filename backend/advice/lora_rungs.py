"""What may help where a style does not come out, or a LoRA comes out too strongly."""

from backend.advice.case import Case, UsedLora
from backend.schema.advice import Advice

_LEAST, _CALM = 0.8, 0.7


def stronger_loras(case: Case) -> Advice | None:
    """LoRAs at the weight that their makers recommend, or at least 0.8."""
    weak = [lora for lora in case.around.loras if lora.tag.unet < _wanted(lora)]
    words = case.wanted.prompt.positive
    for lora in weak:
        words = _weighted(words, lora, _wanted(lora))
    if not weak:
        return None
    label = ", ".join(f"{each.tag.name} {each.tag.unet:g} → {_wanted(each):g}" for each in weak)
    sentence = "A LoRA that is hardly seen wants more weight."
    return Advice(sentence=sentence, remedy=case.change({"prompt.positive": words}, label))


def calmer_loras(case: Case) -> Advice | None:
    """LoRAs at less weight, where they are strong."""
    strong = [lora for lora in case.around.loras if lora.tag.unet > _CALM and not lora.changed]
    words = case.wanted.prompt.positive
    for lora in strong:
        words = _weighted(words, lora, _CALM)
    if not strong:
        return None
    label = ", ".join(f"{each.tag.name} {each.tag.unet:g} → {_CALM:g}" for each in strong)
    sentence = "A strong LoRA breaks what it was not trained on."
    return Advice(sentence=sentence, remedy=case.change({"prompt.positive": words}, label))


def trigger_words(case: Case) -> Advice | None:
    """The words that the LoRAs of the prompt were trained with, where they are absent."""
    words = case.wanted.prompt.positive
    known = words.lower()
    triggers = [word for lora in case.around.loras for word in lora.trigger_words]
    absent = [word for word in dict.fromkeys(triggers) if word.lower() not in known]
    if not absent or len(absent) < len(triggers):  # one of them is enough
        return None
    sentence = "A LoRA answers to the words that it was trained with."
    more = f"{absent[0]}, {words}"
    return Advice(
        sentence=sentence, remedy=case.change({"prompt.positive": more}, f"Add “{absent[0]}”")
    )


def weighted_words(case: Case) -> Advice | None:
    """The words of the style, said more strongly."""
    if case.flows:
        return Advice(sentence="Describe the style in a sentence of its own, at the beginning.")
    return Advice(
        sentence="Give the words of the style more weight, such as “(oil painting:1.3)”: select "
        "them, then Ctrl+↑."
    )


def model_of_the_style(case: Case) -> Advice | None:
    """Another model."""
    family = case.family.label
    return Advice(sentence=f"Look in Models for a checkpoint or LoRA of this style for {family}.")


def _wanted(lora: UsedLora) -> float:
    return lora.strength or _LEAST


def _weighted(words: str, lora: UsedLora, weight: float) -> str:
    """The prompt with a LoRA at another weight; that of the text encoder keeps its share."""
    tag = lora.tag
    text = "" if tag.text_encoder == tag.unet else f":{tag.text_encoder:g}"
    return words.replace(tag.typed, f"<lora:{tag.name}:{weight:g}{text}>", 1)
