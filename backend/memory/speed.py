"""How fast a device computes, and how fast weights come to it."""

from typing import Literal, NamedTuple

from backend.schema.memory import DeviceKind

Parked = Literal["ram", "disk"]


class Speed(NamedTuple):
    """Of one device, for one network; all by the second."""

    operations: float
    link: float
    """Bytes from the machine's memory."""
    disk: float
    """Bytes from the disk."""
    streams: bool
    """Whether weights come while others compute."""

    def carried(self, count: int, parked: Parked) -> float:
        """The seconds that so many bytes take to the device."""
        return count / (self.link if parked == "ram" else self.disk)


USUAL: dict[DeviceKind, Speed] = {
    # A mid-range card on PCIe 3 × 16; an M2; six cores. Only their ratios matter, for slow-downs.
    "cuda": Speed(40e12, 12e9, 1.5e9, streams=True),
    "mps": Speed(6e12, 50e9, 3e9, streams=False),
    "cpu": Speed(0.3e12, 10e9, 1.5e9, streams=False),
}
"""Until a device's own runs tell."""
