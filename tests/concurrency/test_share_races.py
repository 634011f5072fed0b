"""Many who open a link at once: no view too many, and no try of its password too many."""

from functools import partial

import pytest

from generations.errors import TooManyTries, UsedUp, WrongPassword
from generations.models import ShareLink
from generations.services import sharing
from generations.services.sharing import Terms
from tests import factories
from tests.accounts.race import together

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 16


def shared(terms: Terms) -> ShareLink:
    image = factories.stored_image()
    link, _ = sharing.share(by=image.author, what=image, terms=terms)
    return link


def test_of_sixteen_at_once_three_get_the_three_views() -> None:
    link = shared(Terms(max_views=3))

    found = together(*[partial(sharing.enter, link)] * CLIENTS)

    assert len([one for one in found if isinstance(one, str)]) == 3
    assert len([one for one in found if isinstance(one, UsedUp)]) == CLIENTS - 3
    assert ShareLink.objects.get().views == 3


def test_of_sixteen_guesses_at_once_ten_are_looked_at() -> None:
    link = shared(Terms(password="open sesame"))

    found = together(*[partial(sharing.enter, link, password="a guess")] * CLIENTS)

    assert len([one for one in found if isinstance(one, WrongPassword)]) == 10
    assert len([one for one in found if isinstance(one, TooManyTries)]) == CLIENTS - 10
    assert ShareLink.objects.get().views == 0


def test_a_link_that_is_taken_back_meanwhile_lets_in_only_who_was_before() -> None:
    link = shared(Terms())
    revoke = partial(sharing.revoke, by=link.made_by, link=link)

    found = together(*[partial(sharing.enter, link)] * 8, revoke)

    let_in = len([one for one in found if isinstance(one, str)])
    assert ShareLink.objects.get().views == let_in
    assert isinstance(together(partial(sharing.enter, link))[0], UsedUp)
