"""Under which names and addresses this machine is reached."""

import socket

_SOMEWHERE = ("203.0.113.1", 9)  # kept for documents; https://www.rfc-editor.org/rfc/rfc5737


def own_names() -> frozenset[str]:
    """Names under which a home network knows this machine: its own, and with `.local`."""
    name = socket.gethostname().casefold().rstrip(".")
    short = name.partition(".")[0]
    return frozenset({name, short, f"{short}.local"}) if short else frozenset()


def network_address() -> str | None:
    """The address that other machines in the network reach; None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_SOMEWHERE)  # sends nothing: only asks which way a packet would take
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith(("127.", "0.")) else address
