"""Comparison runs: all of it or nothing, once, with one seed; and who picks the best."""

from typing import Any
from uuid import uuid4

import pytest

from accounts.errors import InsufficientCredits, NotAllowed, OverLimit
from accounts.models import Hold, Role, Team, User
from accounts.services import ledger, role_limits, teams
from generations.errors import (
    Dearer,
    IdempotencyKeyReused,
    InvalidRequest,
    NotNow,
    TooManyOpen,
)
from generations.models import (
    Comparison,
    ComparisonCell,
    GenerationRequest,
    Status,
    Visibility,
)
from generations.providers.errors import ErrorKind
from generations.services import comparisons, previews, requests
from generations.services.together import Together
from tests import factories
from tests.generations.runs import ALL, DEV, SCHNELL, ULTRA, ask, finish, requests_of, start, wanted
from tests.generations.views.studio import failed

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return factories.team()


@pytest.fixture
def member(team: Team) -> User:
    return factories.member(team)


def told(by: User, team: Team, *names: str) -> Together:
    """What the page says before."""
    models = comparisons.chosen(names)
    membership = teams.membership_of(by, team)
    means = previews.means(by=by, membership=membership, models=models)
    return Together(tuple(means.preview(one, {}) for one in models))


def nothing_was_made() -> bool:
    return not any(model.objects.exists() for model in (Comparison, GenerationRequest, Hold))


def test_every_model_is_asked_in_its_own_terms(team: Team, member: User) -> None:
    run = start(member, team)

    assert [one.model for one in requests_of(run)] == list(ALL)
    assert {one.prompt for one in requests_of(run)} == {"A heron"}
    assert {one.params["seed"] for one in requests_of(run)} == {7}
    sizes = [one.params.get("image_size") or one.params["aspect_ratio"] for one in requests_of(run)]
    assert sizes == ["portrait_16_9", "portrait_16_9", "9:16"]
    assert {one.num_images for one in requests_of(run)} == {1}


def test_without_a_seed_one_is_drawn_for_all(team: Team, member: User) -> None:
    run = start(member, team, seed=None)

    assert run.seed
    assert {one.params["seed"] for one in requests_of(run)} == {run.seed}


def test_the_holds_are_what_was_said_before(team: Team, member: User) -> None:
    said = told(member, team, *ALL)

    start(member, team)

    assert ledger.balance(team=team).held == said.amount


@pytest.mark.parametrize("limited", ["", ULTRA])
def test_a_limit_that_is_reached_on_the_way_leaves_nothing_behind(
    team: Team, member: User, limited: str
) -> None:
    factories.limit(team, amount=factories.PRICE + 1, model=limited)

    with pytest.raises(OverLimit):
        start(member, team)

    assert nothing_was_made()
    assert ledger.balance(team=team).held == 0


def test_credits_for_some_of_them_are_not_enough() -> None:
    poor = factories.team(amount=factories.PRICE + factories.CREDIT)

    with pytest.raises(InsufficientCredits):
        start(factories.owner_of(poor), poor)

    assert nothing_was_made()


def test_a_role_that_may_have_two_open_starts_none_of_three(team: Team, member: User) -> None:
    limits = {Role.MEMBER: role_limits.Most(most_open=2)}
    role_limits.set_limits(by=factories.owner_of(team), team=team, limits=limits)

    with pytest.raises(TooManyOpen):
        start(member, team)

    assert nothing_was_made()


def test_a_double_press_is_one_run(team: Team, member: User) -> None:
    key = uuid4()

    first = start(member, team, key=key, seed=None)
    second = start(member, team, key=key, seed=None)

    assert first == second
    assert GenerationRequest.objects.count() == len(ALL)


def test_a_double_press_that_takes_the_last_credits_is_one_run() -> None:
    rich = factories.team(amount=2 * factories.PRICE)
    owner, key = factories.owner_of(rich), uuid4()

    first = start(owner, rich, DEV, SCHNELL, key=key)

    assert start(owner, rich, DEV, SCHNELL, key=key) == first


@pytest.mark.parametrize(
    "changes", [{"prompt": "A crane"}, {"seed": 8}, {"shape": "square_hd"}, {"models": ALL[:2]}]
)
def test_the_same_form_with_other_content_is_refused(
    team: Team, member: User, changes: dict[str, Any]
) -> None:
    key = uuid4()
    start(member, team, key=key)

    with pytest.raises(IdempotencyKeyReused):
        ask(member, team, wanted(**changes), key=key)


def test_the_same_key_of_somebody_else_is_theirs(team: Team, member: User) -> None:
    key = uuid4()

    assert start(member, team, key=key) != start(factories.member(team), team, key=key)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"models": [DEV]}, "models"),
        ({"models": [DEV, DEV]}, "models"),
        ({"models": [DEV, "flux/none"]}, "models"),
        ({"models": [DEV, "flux/dev/image-to-image"]}, "models"),
        ({"prompt": "  "}, "prompt"),
        ({"shape": "round"}, "shape"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_cannot_be_made_is_refused_whole(
    team: Team, member: User, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ask(member, team, wanted(**changes))

    assert field in refused.value.errors
    assert nothing_was_made()


def test_a_viewer_starts_nothing(team: Team) -> None:
    with pytest.raises(NotAllowed):
        start(factories.member(team, Role.VIEWER), team)

    assert nothing_was_made()


def test_those_above_the_teams_threshold_wait_for_approval(team: Team, member: User) -> None:
    teams.set_approval(by=factories.owner_of(team), team=team, above=factories.PRICE)

    run = start(member, team, SCHNELL, DEV, ULTRA)

    waiting = [one.model for one in requests_of(run) if one.status == Status.AWAITING_APPROVAL]
    assert waiting == [ULTRA]


def test_a_private_run_makes_private_images(team: Team, member: User) -> None:
    run = start(member, team, visibility=Visibility.PRIVATE)

    assert {one.visibility for one in requests_of(run)} == {"private"}
    assert Comparison.objects.visible_to(member).get() == run
    assert not Comparison.objects.visible_to(factories.owner_of(team)).exists()


def test_the_winner_is_a_favourite_of_whoever_picked_it(team: Team, member: User) -> None:
    run = start(member, team, DEV, SCHNELL)
    images = finish(run)
    colleague = factories.member(team)

    comparisons.pick(by=member, comparison=run, image=images[0])
    comparisons.pick(by=colleague, comparison=run, image=images[1])

    run.refresh_from_db()
    assert (run.winner, run.chosen_by) == (images[1], colleague)
    assert run.chosen_at is not None
    assert [mark.image for mark in member.favourites.all()] == [images[0]]
    assert [mark.image for mark in colleague.favourites.all()] == [images[1]]


def test_whoever_only_looks_picks_no_winner(team: Team, member: User) -> None:
    run = start(member, team, DEV, SCHNELL)
    image = finish(run)[0]

    with pytest.raises(NotAllowed):
        comparisons.pick(by=factories.member(team, Role.VIEWER), comparison=run, image=image)


def test_limits_are_asked_for_what_they_apply_to(team: Team, member: User) -> None:
    factories.limit(team, amount=100 * factories.CREDIT)
    factories.limit(team, amount=factories.PRICE - 1, model=DEV)

    said = told(member, team, DEV, ULTRA)

    assert said.refused_by
    assert said.refused_by.budget.model == DEV
    assert (said.over_by, said.asked_for) == (1, factories.PRICE)


@pytest.fixture
def broken(team: Team, member: User) -> ComparisonCell:
    """The first of two cells, which came to nothing."""
    run = start(member, team, DEV, SCHNELL)
    failed(requests_of(run)[0], ErrorKind.INVALID)
    return run.cells.get(position=0)


def test_a_cell_that_failed_is_tried_again_in_its_place(
    team: Team, member: User, broken: ComparisonCell
) -> None:
    made = comparisons.retry(by=member, cell=broken, agreed=factories.PRICE)

    first, second = requests_of(broken.comparison)
    assert (first, second.model) == (made, SCHNELL)
    before = broken.request
    assert (made.model, made.prompt, made.params) == (before.model, before.prompt, before.params)
    assert made.visibility == before.visibility
    broken.refresh_from_db()
    assert broken.replaced_at
    assert broken.request == before
    assert ledger.balance(team=team).held == second.hold.amount + factories.PRICE


def test_a_second_press_makes_no_second_request(
    team: Team, member: User, broken: ComparisonCell
) -> None:
    held = ledger.balance(team=team).held
    by = (member, member, factories.member(team))

    made = {comparisons.retry(by=one, cell=broken, agreed=factories.PRICE) for one in by}

    assert len(made) == 1
    assert ledger.balance(team=team).held == held + factories.PRICE


def test_what_fails_again_is_tried_a_third_time(member: User, broken: ComparisonCell) -> None:
    run = broken.comparison
    requests.cancel(request=requests_of(run)[1])
    again = comparisons.retry(by=member, cell=broken, agreed=factories.PRICE)
    failed(again, ErrorKind.SERVER)

    third = comparisons.retry(by=member, cell=again.comparison_cell, agreed=factories.PRICE)

    assert [cell.request for cell in run.cells.filter(position=0)] == [
        broken.request,
        again,
        third,
    ]


def test_more_than_was_agreed_to_is_not_held(
    team: Team, member: User, broken: ComparisonCell
) -> None:
    held = ledger.balance(team=team).held

    with pytest.raises(Dearer):
        comparisons.retry(by=member, cell=broken, agreed=factories.PRICE - 1)

    assert ledger.balance(team=team).held == held
    assert requests_of(broken.comparison)[0] == broken.request


def test_what_has_not_failed_is_not_tried_again(member: User, broken: ComparisonCell) -> None:
    queued = broken.comparison.cells.get(position=1)

    with pytest.raises(NotNow):
        comparisons.retry(by=member, cell=queued, agreed=factories.PRICE)


def test_without_credits_the_cell_stays_as_it_was(member: User, broken: ComparisonCell) -> None:
    factories.limit(broken.comparison.team, amount=factories.CREDIT)

    with pytest.raises(OverLimit):
        comparisons.retry(by=member, cell=broken, agreed=factories.PRICE)

    broken.refresh_from_db()
    assert broken.replaced_at is None


def test_whoever_makes_images_in_the_team_tries_a_colleagues_again(
    team: Team, broken: ComparisonCell
) -> None:
    colleague = factories.member(team)

    made = comparisons.retry(by=colleague, cell=broken, agreed=factories.PRICE)

    assert (made.user, made.team) == (colleague, team)
    with pytest.raises(NotAllowed):
        comparisons.retry(
            by=factories.member(team, Role.VIEWER), cell=broken, agreed=factories.PRICE
        )
