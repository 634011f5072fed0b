import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Budget, Period, Role, RoleLimit
from accounts.services import budgets, role_limits, tokens
from accounts.services.role_limits import Most
from generations.models import GenerationRequest
from tests import factories
from tests.generations.views.studio import HTMX, Studio, browser, composed

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(studio: Studio) -> Client:
    return browser(factories.owner_of(studio.team))


def set_limit(studio: Studio, amount: int) -> Budget:
    return budgets.set_limit(
        by=factories.owner_of(studio.team),
        team=studio.team,
        member=None,
        model="",
        period=Period.MONTH,
        amount=amount,
    )


def test_an_owner_limits_a_member_on_a_model(owner: Client, studio: Studio) -> None:
    whom = f"member:{studio.author.pk}"
    form = {"whom": whom, "model": "flux/dev", "amount": "12.5", "period": "week"}
    assert owner.post(reverse("team-limits"), form).status_code == 302
    budget = Budget.objects.get()
    assert (budget.member, budget.model, budget.amount) == (studio.author, "flux/dev", 12_500_000)
    page = owner.get(reverse("team-limits")).content.decode()
    assert "12.5 a week" in page
    assert "FLUX.1 [dev]" in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("amount", "", "This field is required"),
        ("amount", "-1", "greater than or equal to 0"),
        ("amount", "many", "Enter a number"),
        ("model", "nope", "not one of the available choices"),
        ("period", "year", "not one of the available choices"),
    ],
)
def test_bad_input_is_said_beside_its_field(
    owner: Client, field: str, value: str, words: str
) -> None:
    form = {"amount": "5", "period": "day", "model": "", field: value}
    response = owner.post(reverse("team-limits"), form)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Budget.objects.exists()


def test_an_owner_limits_a_token(owner: Client, studio: Studio) -> None:
    token, _ = tokens.create(by=studio.author, team=studio.team, name="Nightly")
    form = {"whom": f"token:{token.pk}", "amount": "5", "period": "day"}
    assert owner.post(reverse("team-limits"), form).status_code == 302
    assert Budget.objects.get().token == token
    page = owner.get(reverse("team-limits")).text
    assert "Nightly <span" in page
    assert "0 %, 5 left until tomorrow" in page


def test_a_stranger_cannot_be_limited(owner: Client) -> None:
    elsewhere = factories.team()
    foreign, _ = tokens.create(by=factories.owner_of(elsewhere), team=elsewhere, name="Nightly")
    for whom in (f"member:{factories.user().pk}", f"token:{foreign.pk}", "member:", "nobody"):
        form = {"whom": whom, "amount": "5", "period": "day"}
        assert owner.post(reverse("team-limits"), form).status_code == 422


def test_a_revoked_token_is_not_offered(owner: Client, studio: Studio) -> None:
    token, _ = tokens.create(by=studio.author, team=studio.team, name="Nightly")
    assert "Nightly" in owner.get(reverse("team-limits")).text
    tokens.revoke(by=studio.author, token=token)
    assert "Nightly" not in owner.get(reverse("team-limits")).text


def test_the_use_of_a_limit_is_a_bar_and_a_number(owner: Client, studio: Studio) -> None:
    set_limit(studio, 4_000_000)
    factories.request(of=studio.team, by=studio.author)
    page = owner.get(reverse("team-limits")).text
    assert re.search(r'class="meter meter-warn"\s+max="100" value="82"', page)
    assert "82 %, 0.7 left until" in page


def test_a_new_limit_shows_what_was_spent_before_it(owner: Client, studio: Studio) -> None:
    for _ in range(2):
        factories.succeeded(factories.request(of=studio.team, by=studio.author))
    form = {"whom": f"member:{studio.author.pk}", "amount": "10", "period": "month"}
    page = owner.post(reverse("team-limits"), form, follow=True).text
    assert "66 %, 3.4 left until" in page


# What a role may ask for.


def test_an_owner_limits_what_a_role_may_ask_for(owner: Client, studio: Studio) -> None:
    form = {
        "member-most_open": "3",
        "member-most_megapixels": "1.5",
        "admin-most_images": "2",
    }
    assert owner.post(reverse("role-limits"), form).status_code == 302
    kept = role_limits.of_team(studio.team)
    member, admin = kept[Role.MEMBER], kept[Role.ADMIN]
    assert (member.most_open, member.most_megapixels, member.most_images) == (
        3,
        Decimal("1.5"),
        None,
    )
    assert (admin.most_open, admin.most_images) == (None, 2)
    page = owner.get(reverse("team-limits")).text
    assert re.search(r'name="member-most_megapixels" value="1.5"', page)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("member-most_open", "0", "greater than or equal to 1"),
        ("admin-most_images", "many", "Enter a whole number"),
        ("owner-most_megapixels", "0", "greater than or equal to 0.1"),
        ("owner-most_megapixels", "1.234", "no more than 2 decimal places"),
    ],
)
def test_a_bad_limit_of_a_role_is_said_beside_its_field(
    owner: Client, field: str, value: str, words: str
) -> None:
    response = owner.post(reverse("role-limits"), {"member-most_images": "2", field: value})
    assert response.status_code == 422
    assert words in response.text
    assert not RoleLimit.objects.exists()


def test_an_admin_of_the_team_may_not_limit_roles(studio: Studio) -> None:
    admin = browser(studio.admin)
    assert admin.post(reverse("role-limits"), {"admin-most_open": "9"}).status_code == 403
    assert not RoleLimit.objects.exists()


def limit_members(studio: Studio, most: Most) -> None:
    limits = {Role.MEMBER: most}
    role_limits.set_limits(by=studio.owner, team=studio.team, limits=limits)


def test_the_composer_offers_what_the_role_may_ask_for(studio: Studio, mine: Client) -> None:
    limit_members(studio, Most(most_images=2, most_megapixels=Decimal("0.6")))
    page = mine.get(reverse("create")).text
    assert re.search(r'name="num_images" value="3"[^>]* disabled', page)
    assert not re.search(r'name="num_images" value="2"[^>]* disabled', page)
    assert re.search(r'name="image_size" value="square_hd"[^>]* disabled', page)
    assert "Members of this team may make images of up to 0.6 megapixel." in page
    assert not re.search(r"<input[^>]* disabled", browser(studio.owner).get(reverse("create")).text)


LARGE = {"image_size": "custom", "width": "1536", "height": "1536"}


@pytest.mark.parametrize(
    ("asked", "name", "words"),
    [
        ({"num_images": "3"}, "num_images", "up to 2 images at once"),
        (LARGE, "image_size", "images of up to 1 megapixel"),
    ],
)
def test_too_much_for_a_role_is_refused_beside_its_field(
    studio: Studio, mine: Client, asked: dict[str, str], name: str, words: str
) -> None:
    limit_members(studio, Most(most_images=2, most_megapixels=Decimal(1)))
    response = mine.post(reverse("create"), composed(studio.team, **asked))
    assert response.status_code == 422
    assert words in response.context["form"].errors[name][0]
    assert not GenerationRequest.objects.exists()


def test_too_many_open_requests_are_refused_above_the_form(studio: Studio, mine: Client) -> None:
    limit_members(studio, Most(most_open=1))
    factories.request(of=studio.team, by=studio.author)
    response = mine.post(reverse("create"), composed(studio.team))
    assert response.status_code == 422
    assert "may have 1 request open at once. Wait until one is done" in response.text


def test_a_limit_is_ended(owner: Client, studio: Studio) -> None:
    budget = set_limit(studio, 1)
    owner.post(reverse("limit-end", args=[budget.pk]))
    assert "Nobody is limited" in owner.get(reverse("team-limits")).content.decode()


def test_another_teams_limit_is_not_found(owner: Client) -> None:
    other = factories.team()
    foreign = budgets.set_limit(
        by=factories.owner_of(other),
        team=other,
        member=None,
        model="",
        period=Period.DAY,
        amount=1,
    )
    assert owner.post(reverse("limit-end", args=[foreign.pk])).status_code == 404


def test_an_admin_of_the_team_may_not_set_limits(studio: Studio) -> None:
    admin = browser(factories.member(studio.team, Role.ADMIN))
    assert admin.get(reverse("team-limits")).status_code == 403


def test_what_is_over_a_limit_is_refused_in_words_and_keeps_the_prompt(studio: Studio) -> None:
    set_limit(studio, 1_000_000)
    form = {
        "team": studio.team.slug,
        "model": "flux/dev",
        "prompt": "A lighthouse",
        "visibility": "team",
        "idempotency_key": "0192f000-0000-7000-8000-000000000001",
    }
    response = browser(studio.author).post(reverse("create"), form)
    page = response.content.decode()
    assert response.status_code == 422
    assert "limit is 1 credit a month; it leaves 1, and this needs 3.3" in page
    assert "A lighthouse" in page
    assert not GenerationRequest.objects.filter(prompt="A lighthouse").exists()


def test_the_room_left_is_said_before_pressing(studio: Studio) -> None:
    set_limit(studio, 1_000_000)
    page = browser(studio.author).get(reverse("create")).content.decode()
    assert "it leaves 1, and this needs" in page


def test_the_room_of_person_and_team_stands_by_the_button(studio: Studio, mine: Client) -> None:
    budgets.set_limit(
        by=studio.owner,
        team=studio.team,
        member=studio.author,
        period=Period.WEEK,
        amount=4_000_000,
    )
    factories.request(of=studio.team, by=studio.author)
    for page in (
        mine.get(reverse("create")).text,
        mine.post(reverse("price"), composed(studio.team), headers=HTMX).text,
    ):
        assert "996.7 credits left in Northlight" in page
        assert "82 % of your weekly limit is used: 0.7 credits left until Monday" in page
        assert "Usually 5 s" in page
