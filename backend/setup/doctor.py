"""`app.py doctor`: what this machine is, which models fit, what is missing; mends what it can."""

import os
from pathlib import Path

from backend.places import Places
from backend.setup.environment import Environment, Wanted
from backend.setup.errors import SetupError
from backend.setup.lock import setup_lock
from backend.setup.prepare import Outside, Preparation
from backend.setup.probe import Probe
from backend.setup.space import free_bytes
from backend.setup.terminal import say, size_in_words
from backend.setup.trials import OTHERS, TORCH, Outcome, Trial, attempt, fits_trial

LITTLE_ROOM = 5 * 10**9
SMALLEST_WEIGHTS = 10**5
ROOT = Path(__file__).resolve().parents[2]


class Doctor:
    """One examination."""

    def __init__(self, environment: Environment, probe: Probe, *, mends: bool) -> None:
        self._environment = environment
        self._probe = probe
        self._mends = mends
        self._troubles: list[str] = []
        self._computes_on = ""
        self._works = False

    def examine(self, wanted: Wanted, places: Places) -> int:
        """Tell what there is to tell, mend what can be mended; return 0 when all is well."""
        self._describe_machine()
        self._look_at_environment(wanted)
        self._tell_what_fits()
        self._look_at_places(places)
        say()
        for trouble in self._troubles:
            say(f"→ {trouble}")
        if not self._troubles:
            say("All is well.")
        return 1 if self._troubles else 0

    def _describe_machine(self) -> None:
        probe = self._probe
        system = "macOS" if probe.system == "Darwin" else probe.system
        python = ".".join(map(str, probe.python))
        free = free_bytes(self._environment.root)
        say("This machine")
        _row("System", f"{system} {probe.release} on {probe.machine}, Python {python}")
        _row("Processor", f"{probe.processor}, {os.cpu_count() or 1} threads")
        _row("Memory", f"{round(probe.memory_bytes / 2**30)} GB")
        for words in probe.graphics_in_words or ["no card that PyTorch computes on"]:
            _row("Graphics", words)
        _row("Disk", f"{size_in_words(free)} free in {self._environment.root}")
        if free < LITTLE_ROOM:
            self._troubles.append(
                f"Only {size_in_words(free)} of disk are free: make room for models and pictures."
            )

    def _look_at_environment(self, wanted: Wanted) -> None:
        say()
        say("Environment")
        try:
            with setup_lock(self._environment.lock) as lock:
                preparation = Preparation(self._environment, wanted, self._probe, Outside(lock))
                if not self._environment.folder.exists():
                    self._tell_of_none(preparation)
                elif self._complete(preparation):
                    self._works = True
                    self._try_libraries(preparation)
        except SetupError as error:
            self._trouble("Set-up", str(error))

    def _tell_of_none(self, preparation: Preparation) -> None:
        size = size_in_words(preparation.size.download)
        _row("Python", f"not made yet; it will take PyTorch's {preparation.build.tag} build,")
        _row("", f"because {preparation.build.reason}")
        self._troubles.append(f"Easel is not set up: python3 app.py does it (downloads {size}).")

    def _complete(self, preparation: Preparation) -> bool:
        wrong = preparation.faults()
        if wrong and not self._mends:
            self._trouble("Packages", f"{', '.join(wrong)}: python3 app.py doctor mends that.")
            return False
        preparation.run()
        _row("Packages", "mended" if wrong else "complete, as pinned")
        return True

    def _try_libraries(self, preparation: Preparation) -> None:
        torch = self._try(TORCH, preparation)
        if torch.passed:
            self._computes_on = torch.said
            build = preparation.installed_tag
            _row(TORCH.label, f"{build} build, computes on {torch.said or 'the processor'}")
            if self._probe.graphics_in_words and not torch.said:
                _row("", f"because {preparation.build.reason}")
                if self._probe.nvidia_cards and build != "cpu":
                    self._troubles.append(
                        "PyTorch does not see the NVIDIA card: update its driver, restart the "
                        "machine, or give the container access to the card."
                    )
        for trial in OTHERS:
            if self._try(trial, preparation).passed:
                _row(trial.label, "works")

    def _try(self, trial: Trial, preparation: Preparation) -> Outcome:
        outcome = attempt(self._environment.python, trial)
        if not outcome.passed and self._mends:
            _row(trial.label, f"does not work ({outcome.said}); laying it down again")
            preparation.reinstall(trial.packages)
            outcome = attempt(self._environment.python, trial)
        if not outcome.passed:
            self._trouble(trial.label, f"{trial.label} does not work: {outcome.said}")
        return outcome

    def _tell_what_fits(self) -> None:
        say()
        say("Models")
        if not self._works:
            _row("", "told once the environment is complete")
            return
        trial = fits_trial(ROOT, self._probe, on_card=bool(self._computes_on))
        for line in attempt(self._environment.python, trial).said.splitlines():
            label, _, words = line.partition("\t")
            _row(label, words)

    def _look_at_places(self, places: Places) -> None:
        say()
        say("Folders")
        for label, folder in (("Pictures", places.outputs), ("Data", places.data)):
            if _writable(folder):
                _row(label, str(folder))
            else:
                self._trouble(
                    label, f"Easel may not write to {folder}: change its owner or rights."
                )
        weights = list((places.models / "starter").rglob("*.safetensors"))
        if weights and all(file.stat().st_size > SMALLEST_WEIGHTS for file in weights):
            _row("Models", f"{places.models}, with the starter model")
        else:
            self._trouble(
                "Models", f"The starter model is not in {places.models}: download Easel again."
            )

    def _trouble(self, label: str, sentence: str) -> None:
        _row(label, "✗")
        self._troubles.append(sentence)


def _row(label: str, words: str) -> None:
    say(f"  {label:<25} {words}")


def _writable(folder: Path) -> bool:
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK)
