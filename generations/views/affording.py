from collections.abc import Sequence

from accounts.access import TeamRequest
from generations import frame
from generations.catalog import Model
from generations.services import previews
from generations.services.previews import Means
from generations.services.price_book import PriceList


def means(
    request: TeamRequest, models: Sequence[Model], *, prices: PriceList | None = None
) -> Means:
    """What this person has here, with the balance that stands in the frame of the page."""
    return previews.means(
        by=request.user,
        membership=request.membership,
        models=models,
        prices=prices,
        balance=frame.around(request).balance,
    )
