"""Puts the newest parts together as a model folder, float16.

Run `python -m recipes.starter.assemble` and look at `work/starter` with `sheet`; with
`--into models/starter` the parts that this run made replace the shipped ones.
"""

import argparse
import json
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

from recipes.starter.places import CONTROLNET, MODEL, UPSCALER, WORK, newest

PARTS = ("text_encoder", "unet", "vae", CONTROLNET)
_WEIGHTS = ".safetensors"


def clean_config(text: str) -> str:
    """Take this machine's folder out of a configuration, and name the weights' type."""
    config: dict[str, object] = json.loads(text)
    config.pop("_name_or_path", None)
    if "dtype" in config:
        config["dtype"] = "float16"
    return json.dumps(config, indent=2) + "\n"


def copy_part(source: Path, target: Path) -> None:
    """Copy a part's files; weights become float16 and replace the old ones in one step."""
    target.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.iterdir()):
        part = target / f"{file.name}.part"
        if file.suffix == _WEIGHTS:
            halves = {name: value.half() for name, value in load_file(file).items()}
            save_file(halves, part, {"format": "pt"})
        else:
            part.write_text(clean_config(file.read_text("utf-8")), "utf-8")
        part.replace(target / file.name)


def assemble(target: Path) -> None:
    """Write the model folder: this run's parts where there are any, else the shipped ones."""
    if target.resolve() != MODEL.resolve():
        shutil.copytree(MODEL, target, dirs_exist_ok=True)
    for part in PARTS:
        source = newest(part, MODEL / part)
        if source != MODEL / part:
            copy_part(source, target / part)
    if UPSCALER.exists():
        shutil.copy(UPSCALER, target / f"{UPSCALER.name}.part")
        (target / f"{UPSCALER.name}.part").replace(target / UPSCALER.name)


def main() -> None:
    """Parse the command line and assemble."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=WORK / "starter")
    assemble(parser.parse_args().into)


if __name__ == "__main__":
    main()
