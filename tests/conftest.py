"""What holds for every test."""

import os

from hypothesis import settings

from backend.channel.subprocess import ENGINE_ENVIRONMENT

# Tests that compute in this process compute as the engine does: set before anyone imports torch.
os.environ.update(ENGINE_ENVIRONMENT)

# A machine that does other things at the same time is no failure.
settings.register_profile("easel", deadline=None)
settings.load_profile("easel")
