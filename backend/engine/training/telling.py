"""What a LoRA's file tells of itself; of the pictures only what the person agrees to.

Sources: Stability AI's ModelSpec 1.0.1, and the keys that kohya's sd-scripts write
(`library/train_util.py`, `train_network.py`).
"""

import base64
import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import PurePath

from backend.dataset.captions import tags_of
from backend.engine.training.forms import FileForm
from backend.schema.training import LearnedPicture, ResolvedTraining
from backend.version import VERSION

_TOLD_TAGS = 50
"""Tags that are told as a list, the most frequent."""
_PREDICTIONS = {"epsilon": "epsilon", "v": "v"}


def metadata(
    wanted: ResolvedTraining, form: FileForm, steps: int, preview: bytes = b""
) -> dict[str, str]:
    """All but the hash of the file.

    Args:
        wanted: The training.
        form: How its file is written.
        steps: How many steps it took.
        preview: A JPEG picture that it draws.
    """
    told = _modelspec(wanted, form) | _kohya(wanted, form, steps)
    if preview:
        told["modelspec.thumbnail"] = f"data:image/jpeg;base64,{base64.b64encode(preview).decode()}"
    if wanted.asked.file.tell_tags == "on":
        told |= _of_pictures(wanted)
    told["easel.strength"] = f"{wanted.asked.file.strength:g}"
    told["easel.training"] = json.dumps(_settings(wanted), sort_keys=True)
    return {name: value for name, value in told.items() if value}


def _modelspec(wanted: ResolvedTraining, form: FileForm) -> dict[str, str]:
    asked, triggers = wanted.asked, _triggers(wanted)
    strength = f"Strength {asked.file.strength:g}"
    called = f", with the word {triggers[0]}" if triggers else ""
    return {
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": f"{form.architecture}/lora",
        "modelspec.implementation": "diffusers",
        "modelspec.implementation_version": f"easel/{VERSION}",
        "modelspec.title": wanted.name,
        "modelspec.resolution": f"{wanted.resolution}x{wanted.resolution}",
        "modelspec.date": datetime.now(UTC).isoformat(timespec="seconds"),
        "modelspec.trigger_phrase": ", ".join(triggers),
        "modelspec.usage_hint": f"{strength}{called}.",
        "modelspec.prediction_type": _PREDICTIONS.get(wanted.model.prediction, ""),
    }


def _kohya(wanted: ResolvedTraining, form: FileForm, steps: int) -> dict[str, str]:
    asked, network = wanted.asked, wanted.asked.network
    own = [each for each in wanted.pictures if not each.regular and not each.held_back]
    return {
        "ss_output_name": wanted.name,
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(network.rank),
        "ss_network_alpha": f"{network.alpha or network.rank:g}",
        "ss_network_args": json.dumps({"dora_wd": "True"} if network.method == "dora" else {}),
        "ss_network_dropout": f"{network.dropout:g}",
        "ss_v2": str(form.version.startswith("sd_v2")),
        "ss_base_model_version": form.version,
        "ss_sd_model_name": wanted.model.name,
        "ss_sd_model_hash": wanted.model.sha256[:10],
        "ss_new_sd_model_hash": wanted.model.sha256,
        "ss_num_train_images": str(sum(each.repeats for each in own)),
        "ss_num_reg_images": str(sum(each.regular for each in wanted.pictures)),
        "ss_num_validation_images": str(sum(each.held_back for each in wanted.pictures)),
        "ss_prior_loss_weight": f"{asked.loss.prior_weight:g}",
        "ss_resolution": f"({wanted.resolution}, {wanted.resolution})",
        "ss_enable_bucket": "True",
        "ss_bucket_info": json.dumps(_buckets(own)),
        "ss_steps": str(steps),
        "ss_max_train_steps": str(asked.learning.steps),
        "ss_training_finished_at": f"{time.time():.0f}",
        "ss_seed": str(asked.seed),
        "ss_cache_latents": "True",
        **_learning(wanted),
        **_dataset(wanted),
    }


def _learning(wanted: ResolvedTraining) -> dict[str, str]:
    learning, loss = wanted.asked.learning, wanted.asked.loss
    return {
        "ss_optimizer": learning.optimiser,
        "ss_learning_rate": f"{learning.learning_rate:g}",
        "ss_unet_lr": f"{learning.learning_rate:g}",
        "ss_text_encoder_lr": f"{learning.text_rate:g}",
        "ss_lr_scheduler": learning.schedule,
        "ss_lr_warmup_steps": str(round(learning.steps * learning.warm_up)),
        "ss_batch_size_per_device": str(learning.batch),
        "ss_total_batch_size": str(learning.batch * learning.accumulation),
        "ss_gradient_accumulation_steps": str(learning.accumulation),
        "ss_max_grad_norm": f"{learning.clip:g}",
        "ss_noise_offset": f"{loss.noise_offset:g}",
        "ss_min_snr_gamma": f"{loss.gamma:g}" if loss.weighting == "min_snr" else "",
        "ss_debiased_estimation": str(loss.weighting == "debiased"),
    }


def _dataset(wanted: ResolvedTraining) -> dict[str, str]:
    dataset = wanted.asked.dataset
    return {
        "ss_caption_dropout_rate": f"{dataset.caption_dropout:g}",
        "ss_shuffle_caption": str(dataset.keep_tokens >= 0),
        "ss_keep_tokens": str(max(0, dataset.keep_tokens)),
        "ss_flip_aug": str(dataset.flip > 0),
        "ss_color_aug": str(dataset.colour_jitter > 0),
        "ss_random_crop": str(dataset.crop == "random"),
    }


def _buckets(pictures: Iterable[LearnedPicture]) -> dict[str, object]:
    sizes = Counter((each.width, each.height) for each in pictures)
    listed = {
        str(place): {"resolution": size, "count": count}
        for place, (size, count) in enumerate(sizes.items())
    }
    return {"buckets": listed}


def _of_pictures(wanted: ResolvedTraining) -> dict[str, str]:
    """What the captions say, and what the folders are called: only if the person agrees."""
    counts: dict[str, Counter[str]] = {}
    folders: dict[bool, dict[str, dict[str, int]]] = {False: {}, True: {}}
    for each in wanted.pictures:
        folder = PurePath(each.path).parent.name
        told = folders[each.regular].setdefault(folder, {"n_repeats": each.repeats, "img_count": 0})
        told["img_count"] += 1
        if not each.regular:
            counts.setdefault(folder, Counter()).update(tags_of(each.caption))
    every = sum(counts.values(), Counter[str]())
    return {
        "ss_tag_frequency": json.dumps(counts),
        "ss_dataset_dirs": json.dumps(folders[False]),
        "ss_reg_dataset_dirs": json.dumps(folders[True]),
        "modelspec.tags": ", ".join(tag for tag, _ in every.most_common(_TOLD_TAGS)),
    }


def _triggers(wanted: ResolvedTraining) -> tuple[str, ...]:
    """The words that call what was learned, the main one first."""
    of_pictures = (each.concept for each in wanted.pictures)
    return tuple(filter(None, dict.fromkeys((wanted.asked.dataset.trigger, *of_pictures))))


def _settings(wanted: ResolvedTraining) -> Mapping[str, object]:
    """All settings but those that tell of the person's folders and pictures."""
    private = {
        "checkpoint": True,
        "dataset": {"folder", "regular_folder", "concepts"},
        "samples": {"prompts"},
        "file": {"export"},
    }
    return wanted.asked.model_dump(mode="json", exclude=private)
