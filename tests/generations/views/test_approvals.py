"""The pages of approvers, and what an author sees of a request that waits."""

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import CreditRequest, Membership, Period, Role, Team, User
from accounts.services import asks, budgets, ledger, teams
from generations import approval_links
from generations.models import Approval, GenerationRequest, Status, Verdict, Visibility
from generations.services import approvals, requests
from tests import factories
from tests.factories import CREDIT
from tests.generations.views.studio import HTMX, Studio, browser, composed

EDITS = "flux-2/edit"


def waiting(studio: Studio, **changes: object) -> GenerationRequest:
    return factories.waiting(of=studio.team, by=studio.author, **changes)  # type: ignore[arg-type]  # passed on


def decided(studio: Studio, verdict: Verdict, words: str = "") -> GenerationRequest:
    request = waiting(studio)
    approvals.decide(by=studio.owner, request=request, verdict=verdict, words=words)
    return request


def decide(client: Client, request: GenerationRequest, verdict: str, words: str = "") -> int:
    address = reverse("approval-decide", args=[request.pk])
    return client.post(address, {"verdict": verdict, "words": words}).status_code


def page(client: Client, name: str = "approvals", *args: object) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.text


@pytest.fixture
def owner(studio: Studio) -> Client:
    return browser(studio.owner)


# The list.


def test_it_shows_who_asks_for_what_at_what_price_and_what_is_left(
    studio: Studio, owner: Client
) -> None:
    budgets.set_limit(
        by=studio.owner,
        team=studio.team,
        member=studio.author,
        model="",
        period=Period.MONTH,
        amount=10 * CREDIT,
    )
    waiting(studio, prompt="A lighthouse & a gull", params={"num_images": 2})
    text = " ".join(page(owner).split())
    assert studio.author.display_name in text
    assert "A lighthouse &amp; a gull" in text
    assert "<b>6.6</b>" in text
    assert "993.4 credits of the team" in text
    assert f"3.4 of 10 a month for {studio.author.display_name}" in text


def test_ones_own_request_is_for_somebody_else(studio: Studio, mine: Client) -> None:
    request = waiting(studio)
    Membership.objects.filter(user=studio.author, team=studio.team).update(role=Role.ADMIN)
    assert "Nothing waits for you" in page(mine)
    shown = page(mine, "approval", request.pk)
    assert "somebody else decides" in shown
    assert 'name="verdict"' not in shown
    decide(mine, request, "approved")
    assert GenerationRequest.objects.get().status == Status.AWAITING_APPROVAL
    assert "somebody else has to decide" in page(mine, "approval", request.pk)


def test_a_limit_of_somebody_else_is_not_shown(studio: Studio, owner: Client) -> None:
    for member, model in ((studio.colleague, ""), (studio.author, "flux-pro")):
        budgets.set_limit(
            by=studio.owner,
            team=studio.team,
            member=member,
            model=model,
            period=Period.DAY,
            amount=77 * CREDIT,
        )
    waiting(studio)
    assert "of 77 a day" not in " ".join(page(owner).split())


def test_it_lists_all_teams_that_are_this_persons_to_approve_for(
    studio: Studio, owner: Client
) -> None:
    second = factories.team(owner=studio.owner, name="Southlight")
    waiting(studio)
    factories.waiting(of=second, prompt="A harbour")
    factories.waiting(prompt="None of theirs")
    text = page(owner)
    assert "2 requests wait for approval" in text
    assert "A harbour" in text
    assert "Southlight" in text
    assert "None of theirs" not in text


def test_a_private_prompt_is_not_shown(studio: Studio, owner: Client) -> None:
    request = waiting(studio, prompt="My secret", visibility=Visibility.PRIVATE)
    for text in (page(owner), page(owner, "approval", request.pk)):
        assert "My secret" not in text
        assert "only" in text


def test_what_is_no_longer_waiting_is_listed_as_decided(studio: Studio, owner: Client) -> None:
    decided(studio, Verdict.DECLINED, "Not for this client")
    text = page(owner)
    assert "Nothing waits for you" in text
    assert "Not for this client" in text


@pytest.mark.parametrize("role", ["author", "viewer"])
def test_who_approves_nowhere_is_refused(studio: Studio, role: str) -> None:
    waiting(studio)
    assert browser(getattr(studio, role)).get("/approvals/").status_code == 403


def test_it_takes_as_many_queries_for_many_as_for_one(
    studio: Studio, owner: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(6):
        waiting(studio)
    with django_assert_max_num_queries(18):
        page(owner)


def test_the_navigation_counts_what_waits(studio: Studio, owner: Client) -> None:
    assert '<span class="spoken"> waiting</span>' not in page(owner, "gallery")
    waiting(studio)
    waiting(studio)
    assert '2<span class="spoken"> waiting</span>' in page(owner, "gallery")
    assert "Approvals" not in page(browser(studio.author), "gallery")


# Deciding.


def test_an_approved_request_goes_on_its_way(studio: Studio, owner: Client) -> None:
    request = waiting(studio)
    assert decide(owner, request, "approved", "Go") == 302
    request.refresh_from_db()
    assert request.status == Status.QUEUED
    assert Approval.objects.get().by == studio.owner


def test_a_declined_one_tells_its_author_who_and_why(
    studio: Studio, owner: Client, mine: Client
) -> None:
    request = waiting(studio)
    assert decide(owner, request, "declined", "Use the smaller model") == 302
    text = mine.get(reverse("request", args=[request.pk]), headers=HTMX).text
    assert "Declined" in text
    assert f"{studio.owner.display_name} declined it: Use the smaller model" in text
    assert "Not charged" in text


def test_to_decline_one_has_to_say_why(studio: Studio, owner: Client) -> None:
    request = waiting(studio)
    address = reverse("approval-decide", args=[request.pk])
    answer = owner.post(address, {"verdict": "declined", "words": " "})
    assert answer.status_code == 422
    assert "Say why: whoever asked is told." in answer.text
    assert not Approval.objects.exists()


def test_a_verdict_that_is_none_is_refused(studio: Studio, owner: Client) -> None:
    assert decide(owner, waiting(studio), "perhaps") == 422
    assert not Approval.objects.exists()


def test_who_comes_second_reads_what_the_first_decided(studio: Studio, owner: Client) -> None:
    request = decided(studio, Verdict.APPROVED)
    address = reverse("approval-decide", args=[request.pk])
    answer = browser(studio.admin).post(address, {"verdict": "approved"}, follow=True)
    assert f"Somebody was quicker: {studio.owner.display_name} approved it." in answer.text


def test_what_its_author_cancelled_says_so(studio: Studio, owner: Client) -> None:
    request = waiting(studio)
    requests.cancel(request=request)
    assert "cancelled it. Nothing was sent" in page(owner, "approval", request.pk)


@pytest.mark.parametrize("who", ["author", "colleague", "viewer", "outsider", "staff"])
def test_nobody_else_finds_the_request(studio: Studio, who: str) -> None:
    request = waiting(studio)
    client = browser(getattr(studio, who))
    for name in ("approval", "approval-decide"):
        send = client.get if name == "approval" else client.post
        assert send(reverse(name, args=[request.pk])).status_code == 404
    assert not Approval.objects.exists()


def test_a_request_that_never_waited_is_not_found(studio: Studio, owner: Client) -> None:
    request = factories.request(of=studio.team, by=studio.author)
    assert owner.get(reverse("approval", args=[request.pk])).status_code == 404


# The link in the mail.


def test_the_link_in_a_mail_leads_to_the_request_and_decides_nothing(
    studio: Studio, owner: Client
) -> None:
    request = waiting(studio)
    answer = owner.get(reverse("approval-link", args=[approval_links.token(request.pk)]))
    assert answer.headers["Location"] == reverse("approval", args=[request.pk])
    assert page(owner, "approval", request.pk)
    request.refresh_from_db()
    assert request.status == Status.AWAITING_APPROVAL


def test_who_is_not_signed_in_signs_in_first(studio: Studio) -> None:
    request = waiting(studio)
    link = reverse("approval-link", args=[approval_links.token(request.pk)])
    answer = Client().get(link, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/signin/?next=/approvals/")


def test_whoever_has_the_link_and_may_not_approve_finds_nothing(studio: Studio) -> None:
    link = reverse("approval-link", args=[approval_links.token(waiting(studio).pk)])
    assert browser(studio.colleague).get(link, follow=True).status_code == 404


@pytest.mark.parametrize("broken", ["nonsense", "late", "other salt"])
def test_a_link_that_ran_out_or_is_not_ours_says_so(
    studio: Studio, owner: Client, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = waiting(studio)
    token = approval_links.token(request.pk)
    if broken == "late":
        monkeypatch.setattr(approval_links, "LIFETIME_SECONDS", -1)
    elif broken == "other salt":
        token = signing.dumps(request.pk.hex, salt="another")
    else:
        token = "nonsense"
    answer = owner.get(reverse("approval-link", args=[token]))
    assert answer.status_code == 410
    assert "This link no longer works" in answer.text


# References.


def referring(studio: Studio, **changes: object) -> GenerationRequest:
    pictures = [factories.data_uri((640, 320)), "https://example.com/a.png"]
    return waiting(studio, model=EDITS, params={"image_urls": pictures}, **changes)


def test_reference_images_are_shown_small(studio: Studio, owner: Client) -> None:
    request = referring(studio)
    text = page(owner)
    address = reverse("approval-reference", args=[request.pk, 0])
    assert address in text
    assert 'href="https://example.com/a.png" rel="noreferrer"' in text
    assert "data:image/png" not in text
    answer = owner.get(address)
    assert answer.headers["Content-Type"] == "image/webp"
    assert len(answer.content) < 5_000


@pytest.mark.parametrize("number", [1, 2])
def test_a_reference_that_is_elsewhere_or_none_is_not_found(
    studio: Studio, owner: Client, number: int
) -> None:
    request = referring(studio)
    address = reverse("approval-reference", args=[request.pk, number])
    assert owner.get(address).status_code == 404


def test_a_private_requests_references_are_not_shown(studio: Studio, owner: Client) -> None:
    request = referring(studio, visibility=Visibility.PRIVATE)
    assert "/reference/" not in page(owner)
    assert owner.get(reverse("approval-reference", args=[request.pk, 0])).status_code == 404


# What the author sees.


def test_the_author_reads_who_may_approve_and_what_is_reserved(
    studio: Studio, mine: Client
) -> None:
    User.objects.filter(pk=studio.owner.pk).update(name="Olga")
    User.objects.filter(pk=studio.admin.pk).update(name="Ada")
    teams.set_approval(by=studio.owner, team=studio.team, above=0)
    answer = mine.post("/", composed(studio.team), headers=HTMX)
    text = " ".join(answer.text.split())
    assert "Waits for approval by Olga or Ada; 3.3 credits reserved." in text
    assert "request-cancel" in text or "/cancel/" in text


def test_the_author_cancels_what_waits(studio: Studio, mine: Client) -> None:
    request = waiting(studio)
    mine.post(reverse("request-cancel", args=[request.pk]))
    request.refresh_from_db()
    assert request.status == Status.CANCELLED
    assert ledger.balance(team=studio.team).held == 0


def test_the_price_says_before_pressing_that_it_will_wait(studio: Studio, mine: Client) -> None:
    teams.set_approval(by=studio.owner, team=studio.team, above=4 * CREDIT)
    words = "waits until an owner or admin"
    one, two = composed(studio.team), composed(studio.team, num_images="2")
    assert words not in mine.post("/price/", one).text
    assert words in mine.post("/price/", two).text
    assert words not in browser(studio.owner).post("/price/", two).text


def test_the_receipt_says_who_decided_and_when(studio: Studio, mine: Client) -> None:
    open_one = waiting(studio)
    assert "Held 3.3 until it is approved" in page(mine, "receipt", open_one.pk)
    declined = decided(studio, Verdict.DECLINED, "Too dear")
    text = page(mine, "receipt", declined.pk)
    assert f"charged nothing because {studio.owner.display_name} declined it" in text
    assert "Too dear" in text


def test_the_image_says_who_approved_it(studio: Studio, mine: Client) -> None:
    request = decided(studio, Verdict.APPROVED, "For the cover")
    image = factories.succeeded(request).images.get()
    assert "For the cover" in page(mine, "image", image.pk)
    assert "For the cover" in page(browser(studio.owner), "image", image.pk)
    assert "For the cover" not in page(browser(studio.viewer), "image", image.pk)


def test_a_statement_shows_what_was_reserved_at_its_end_however_long_it_waited(
    studio: Studio, owner: Client
) -> None:
    request = waiting(studio, prompt="A patient lighthouse")
    requests.cancel(request=request)
    GenerationRequest.objects.filter(pk=request.pk).update(
        created_at="2026-08-20T00:00Z", finished_at="2026-10-20T00:00Z"
    )
    assert "A patient lighthouse" in page(owner, "statement", "2026-08")
    assert "A patient lighthouse" not in page(owner, "statement", "2026-10")


# Asking for more room.


@pytest.fixture
def asked(studio: Studio) -> CreditRequest:
    limit = budgets.set_limit(
        by=studio.owner,
        team=studio.team,
        member=studio.author,
        model="",
        period=Period.MONTH,
        amount=2 * CREDIT,
    )
    return asks.ask(
        by=studio.author, team=studio.team, amount=5 * CREDIT, words="For the fair", limit=limit
    )


def test_what_somebody_asks_for_is_listed_and_counted(
    studio: Studio, owner: Client, asked: CreditRequest
) -> None:
    text = page(owner)
    assert "For the fair" in text
    assert reverse("limit-ask", args=[asked.pk]) in text
    assert '1<span class="spoken"> waiting</span>' in text


def test_owners_see_what_is_asked_of_staff(studio: Studio, owner: Client) -> None:
    asks.ask(by=studio.author, team=studio.team, amount=CREDIT, words="We are out")
    text = page(owner)
    assert "Asked of whoever runs Darkroom" in text
    assert "We are out" in text


def test_a_full_limit_leads_to_asking_for_what_is_missing(
    studio: Studio, mine: Client, asked: CreditRequest
) -> None:
    text = mine.post("/price/", composed(studio.team)).text
    assert f"/credits/ask/?amount=1.3&amp;limit={asked.budget_id}" in text


def test_missing_credits_lead_to_asking_for_them(mine: Client, studio: Studio) -> None:
    poor: Team = factories.team(amount=CREDIT, name="Poor")
    poor.memberships.create(user=studio.author, role=Role.MEMBER)
    text = mine.post("/price/", composed(poor)).text
    assert "/credits/ask/?amount=2.3" in text


def test_usage_leads_to_asking(mine: Client, studio: Studio) -> None:
    assert reverse("credits-ask") in page(mine, "usage")
    assert reverse("credits-ask") not in page(browser(studio.viewer), "usage")
