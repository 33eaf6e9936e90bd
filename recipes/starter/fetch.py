"""Installs the art packages with npm into the work folder.

Run `python -m recipes.starter.fetch`.
"""

import shutil
import subprocess

from recipes.starter.places import RECIPE, WORK


def fetch() -> None:
    """Install what `packages.json` names; nothing of it is committed or run.

    Raises:
        subprocess.CalledProcessError: npm failed; its own words are on the terminal.
    """
    WORK.mkdir(exist_ok=True)
    shutil.copy(RECIPE / "packages.json", WORK / "package.json")
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=WORK, check=True)


if __name__ == "__main__":
    fetch()
