"""Where the hubs are: their addresses, and the hosts that their files come from."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from backend.schema.base import Frozen
from backend.schema.hubs import HubName

LOG = logging.getLogger(__name__)


class HubAddresses(Frozen):
    """One hub's place on the internet."""

    address: str
    """Its own origin, such as `https://huggingface.co`; tokens go there and nowhere else."""
    content: tuple[str, ...] = ()
    """Hosts that its files and pictures come from; `*` stands for anything, a port may follow."""


class HubSettings(Frozen):
    """All hubs' places.

    Sources of the content hosts: the redirects that the hubs' download links are seen to give
    (`cdn-lfs*.hf.co`, `cas-bridge.xethub.hf.co`, `*.aws.cdn.hf.co`; `b2.civitai.com`,
    `image.civitai.com`, `civitai-delivery-worker-prod.….r2.cloudflarestorage.com`).
    """

    huggingface: HubAddresses = Field(
        default=HubAddresses(
            address="https://huggingface.co", content=("*.hf.co", "*.huggingface.co")
        )
    )
    civitai: HubAddresses = Field(
        default=HubAddresses(
            address="https://civitai.com",
            content=("*.civitai.com", "civitai-*.r2.cloudflarestorage.com"),
        )
    )

    def of(self, hub: HubName) -> HubAddresses:
        """One hub's."""
        return {HubName.HUGGING_FACE: self.huggingface, HubName.CIVITAI: self.civitai}[hub]


def read_settings(path: Path, environment: Mapping[str, str] = os.environ) -> HubSettings:
    """The hubs' places as a file and the environment name them; the usual ones else.

    A damaged file is passed over: a wrong word in it must not keep the program from starting.

    EASEL_HUGGINGFACE and EASEL_CIVITAI go before the file. Each holds an address, after which the
    hosts of its files may follow, with spaces between.
    """
    try:
        settings = HubSettings.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        settings = HubSettings()
    except (OSError, ValidationError) as error:
        LOG.warning("hubs.unreadable path=%s error=%s", path, error)
        settings = HubSettings()
    for hub in HubName:
        address, *content = environment.get(f"EASEL_{hub.value.upper()}", "").split() or ("",)
        if address:
            named = HubAddresses(
                address=address, content=tuple(content) or settings.of(hub).content
            )
            settings = settings.model_copy(update={hub.value: named})
    return settings
