"""What training's noise looked like, for models that predict noise."""

import torch
from torch import Tensor

from backend.engine.schedules.base import NoiseLevels
from backend.schema.base import Frozen
from backend.schema.errors import ModelDamagedError
from backend.schema.sampling_settings import TerminalNoise

_NEARLY_ZERO = 2.0**-24
"""Of the picture in the last timestep's variance: noise alone would have an infinite level."""


class SchedulerConfig(Frozen, extra="ignore"):
    """As `scheduler/scheduler_config.json` says it; the defaults are those of Stable Diffusion."""

    num_train_timesteps: int = 1000
    beta_start: float = 0.00085
    beta_end: float = 0.012
    beta_schedule: str = "scaled_linear"
    prediction_type: str = "epsilon"
    rescale_betas_zero_snr: bool = False
    shift: float = 1.0
    """For flow matching: how far the noise levels are moved up."""
    use_dynamic_shifting: bool | None = None
    """Whether that depends on the picture's size instead; None where nothing says it."""

    def noise_levels(self, terminal: TerminalNoise | None = None) -> NoiseLevels:
        """The noise level of each training timestep.

        Args:
            terminal: Whether the last is noise alone; None as the config says.

        Raises:
            ModelDamagedError: When the schedule is of an unknown kind.
        """
        powers = {"linear": 1.0, "scaled_linear": 0.5}
        if self.beta_schedule not in powers:
            raise ModelDamagedError(f"The noise schedule “{self.beta_schedule}” is not known.")
        power = powers[self.beta_schedule]
        ends = (self.beta_start**power, self.beta_end**power)
        betas = torch.linspace(*ends, self.num_train_timesteps, dtype=torch.float32) ** (1 / power)
        if terminal == "zero" or (terminal is None and self.rescale_betas_zero_snr):
            betas = _down_to_noise_alone(betas)
        return NoiseLevels.from_betas(betas)


def _down_to_noise_alone(betas: Tensor) -> Tensor:
    """Change the schedule so that nothing of the picture is left at the last timestep.

    Source: Lin et al. 2023 (arXiv:2305.08891), algorithm 1.
    """
    kept = (1 - betas).cumprod(0).sqrt()
    first, last = kept[0].clone(), kept[-1].clone()
    kept = (kept - last) * first / (first - last)
    shares = kept.square()
    shares[-1] = _NEARLY_ZERO
    return 1 - torch.cat([shares[:1], shares[1:] / shares[:-1]])
