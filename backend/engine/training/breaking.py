"""Noticing that a training breaks: what it learned last is not kept then."""

from backend.engine.training.keeping import Reached
from backend.engine.training.learning import Learning
from backend.schema.errors import ExplodedError
from backend.training.folder import TrainingFolder

SETTLED = 20
"""Steps after which the smoothed loss says something."""
_ROSE = 4.0
"""How many times its lowest it may become."""
_SUSPECT = 2.0
"""From here on, a checkpoint is not called good any more."""
_WHOLE = 1.0
"""A network that says nothing at all is about this wrong; only beyond that is it broken."""
_LATELY = 10


def stop_if_broken(learning: Learning, reached: Reached, folder: TrainingFolder) -> None:
    """Refuse to go on where the smoothed loss rose to many times its lowest.

    Raises:
        ExplodedError: With the pictures that were hardest lately, the setting that is suspect, and
            the last good checkpoint.
    """
    lowest, now = reached.lowest_average, reached.average_loss
    if lowest is None or now <= _WHOLE or now <= _ROSE * lowest:
        return
    measured = folder.measured()
    hardest = max(measured[-_LATELY:], key=lambda each: each.loss).step
    rate = learning.wanted.asked.learning.learning_rate
    good = {each.step for each in measured if each.average <= _SUSPECT * lowest}
    kept = max((step for step in folder.kept() if step in good), default=None)
    instead = f"The checkpoint after step {kept} is the last good one. " if kept else ""
    raise ExplodedError(
        f"It broke at step {reached.step}: the loss is {now / lowest:.0f} times what it was. "
        f"It was the highest at step {hardest}, with {learning.names_of(hardest - 1)}.",
        f"{instead}Begin again with a lower learning rate than {rate:g}, or look at these "
        "pictures.",
    )
