"""Pages of hits that are worth a look, although a hub filters less than was asked for."""

from collections.abc import Callable

from backend.schema.hubs import HubCard, HubPage

PAGE = 24
"""Hits that are asked for at once."""
_ENOUGH = 12
_MOST_REQUESTS = 4


def gathered(
    first: str, ask: Callable[[str], HubPage], wanted: Callable[[HubCard], bool]
) -> HubPage:
    """A page of the hits that are wanted; the hub is asked on until there are enough.

    Args:
        first: Where to begin, as `HubPage.next_page` says.
        ask: One page of the hub.
        wanted: Which hits to keep.
    """
    cards: list[HubCard] = []
    seen: set[str] = set()
    place = first
    for _ in range(_MOST_REQUESTS):
        page = ask(place)
        for card in page.cards:
            if wanted(card) and card.id not in seen:
                seen.add(card.id)
                cards.append(card)
        stuck = page.next_page == place
        place = "" if stuck else page.next_page
        if not place or len(cards) >= _ENOUGH:
            break
    return HubPage(cards=tuple(cards), next_page=place)
