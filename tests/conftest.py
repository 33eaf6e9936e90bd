"""What holds for every test."""

import os

from backend.channel.subprocess import ENGINE_ENVIRONMENT

# Tests that compute in this process compute as the engine does: set before anyone imports torch.
os.environ.update(ENGINE_ENVIRONMENT)
