"""What only the owner may do."""

from backend.schema.errors import NotAllowedError
from backend.schema.jobs import Actor, Role


def only_the_owner(actor: Actor, may: str, hint: str = "Ask the owner.") -> None:
    """Refuse guests.

    Args:
        actor: Who asks.
        may: What, as in “Only the owner may convert files.”
        hint: What a guest can do instead.

    Raises:
        NotAllowedError: When a guest asks.
    """
    if actor.role is not Role.OWNER:
        raise NotAllowedError(f"Only the owner may {may}.", hint)
