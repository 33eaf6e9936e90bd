"""Where the recipe finds its sources and keeps its work."""

from pathlib import Path

RECIPE = Path(__file__).parent
REPOSITORY = RECIPE.parent.parent
WORK = RECIPE / "work"
PACKAGES = WORK / "node_modules"
MODEL = REPOSITORY / "models" / "starter"
"""The folder that ships; a run reads its first weights here and never writes to it."""

PIXELS = WORK / "pixels.npy"
LATENTS = WORK / "latents.safetensors"
EXAMPLES = WORK / "examples.json"
PAIRS_LARGE = WORK / "pairs_large.npy"
PAIRS_SMALL = WORK / "pairs_small.npy"
EDGES = WORK / "edges.safetensors"
EDGE_CAPTIONS = WORK / "edges.json"
CONTROLNET = "controlnet-canny"
UPSCALER = WORK / "upscaler.safetensors"


def newest(name: str, shipped: Path) -> Path:
    """Return this run's part where there is one, else the shipped one."""
    made = WORK / name
    return made if made.exists() else shipped
