from copy import copy
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Q
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Period, Role, Team, User
from accounts.services import asks, budgets, invitations, teams, tokens
from generations import approval_links
from generations.models import Image, ReportReason, ShareLink, Visibility
from generations.services import collecting, moderation, sharing, trash
from generations.services.sharing import Terms
from generations.services.statement import Month
from tests import factories, prices
from tests.generations import runs
from tests.generations.views.studio import Studio, browser, composed, fill, hide, open_studio
from tests.routes.table import LINK_STATES, SHARED_PAGES, STAFF, Row


@dataclass
class World:
    """One of everything, as one visitor meets it."""

    studio: Studio
    visitor: User
    images: dict[str, UUID] = field(default_factory=dict)
    requests: dict[str, UUID] = field(default_factory=dict)
    queued: dict[str, UUID] = field(default_factory=dict)
    arguments: dict[tuple[str, str], list[object]] = field(default_factory=dict)
    passes: dict[tuple[str, str], str] = field(default_factory=dict)

    def keep(self, of: str, image: Image) -> None:
        self.images[of], self.requests[of] = image.pk, image.request_id

    def arguments_of(self, row: Row) -> list[object]:
        if not row.of:
            return []
        if row.name == "share-file":
            return [*self.arguments["share-image", row.of], row.file]
        if (row.name, row.of) in self.arguments:
            return self.arguments[row.name, row.of]
        if row.name.startswith(("images-", "trash-")) or row.name == "compare":
            return []
        if row.name.startswith("image"):
            return [self.images[row.of], *([row.file] if row.name == "image-file" else [])]
        known = self.queued if row.name == "request-cancel" else self.requests
        return [known[row.of]]


def meet(kind: str) -> World:
    studio = open_studio()
    known = {"anonymous": studio.author, "disabled": studio.author, "member": studio.colleague}
    if kind == "aide":
        known[kind] = factories.staff(is_superuser=False)
    world = World(studio, known.get(kind) or getattr(studio, kind))
    world.arguments["collection-choices", "team"] = []
    world.visitor.set_password("a long enough one")
    world.visitor.save()
    _make_comparisons(world)
    _make_images(world, "" if kind in {"outsider", *STAFF} else "studio")
    _make_members(world)
    _make_waiting(world)
    _make_links(world)
    _make_states_of_links(world)
    _make_collections(world)
    return world


def _make_images(world: World, home: str) -> None:
    other = factories.member(world.studio.team)
    private = Visibility.PRIVATE
    own_team = world.studio.team if home else factories.team(owner=world.visitor)
    membership = Membership.objects.filter(user=world.visitor, team=own_team)
    role = membership.get().role
    limit = factories.limit(own_team, world.visitor, 1000 * factories.CREDIT)
    membership.update(role=Role.OWNER)
    world.keep("own", factories.stored_image(of=own_team, by=world.visitor))
    world.keep("team", factories.stored_image(of=world.studio.team, by=other))
    world.keep(
        "private", factories.stored_image(of=world.studio.team, by=other, visibility=private)
    )
    world.keep("foreign", factories.stored_image())
    for of, team, by in (("own", own_team, world.visitor), ("team", world.studio.team, other)):
        thrown = factories.stored_image(of=team, by=by)
        trash.throw_away(by=by, images=[thrown.pk])
        world.keep(f"{of}-trashed", thrown)
    for of, image in zip(
        LINK_STATES, fill(world.studio.team, other, len(LINK_STATES)), strict=True
    ):
        world.keep(of, image)
    world.images["missing"] = world.requests["missing"] = uuid4()
    world.queued = {
        **world.requests,
        "own": factories.request(of=own_team, by=world.visitor).pk,
        "team": factories.request(of=world.studio.team, by=other).pk,
    }
    _make_tokens(world, own_team, other)
    asked = asks.ask(by=world.visitor, team=own_team, amount=1, words="More", limit=limit)
    world.arguments["credits-ask-withdraw", "own"] = [asked.pk]
    membership.update(role=role)


def _make_tokens(world: World, own_team: Team, other: User) -> None:
    elsewhere = factories.team()
    owners = {
        "own": (world.visitor, own_team),
        "team": (other, world.studio.team),
        "foreign": (factories.owner_of(elsewhere), elsewhere),
    }
    for of, (user, team) in owners.items():
        token, _ = tokens.create(by=user, team=team, name="Nightly")
        world.arguments["token-revoke", of] = [token.pk]
    world.arguments["token-revoke", "missing"] = [uuid4()]


def _make_comparisons(world: World) -> None:
    """Runs of somebody in the team, seen by all of it and by themselves alone; and of others."""
    other, elsewhere = factories.member(world.studio.team), factories.team()
    found = {
        "team": runs.start(other, world.studio.team),
        "private": runs.start(other, world.studio.team, visibility=Visibility.PRIVATE),
        "foreign": runs.start(factories.owner_of(elsewhere), elsewhere),
    }
    for run in found.values():
        runs.finish(run)
    for of, pk in {**{of: run.pk for of, run in found.items()}, "missing": uuid4()}.items():
        world.arguments["comparison", of] = [pk]
        for name in ("comparison-cell", "comparison-winner"):
            world.arguments[name, of] = [pk, 0]
        asked = runs.requests_of(found.get(of, found["team"]))[0].pk
        world.arguments["comparison-retry", of] = [pk, asked]


def _make_collections(world: World) -> None:
    """One of each kind; the team's holds somebody's image."""
    other = Image.objects.get(pk=world.images["team"]).author
    foreign = Image.objects.get(pk=world.images["foreign"])
    shared = collecting.create(by=other, team=world.studio.team, name="Spring")
    collecting.add(by=other, collection=shared, images=[world.images["team"]])
    private = collecting.create(
        by=other, team=world.studio.team, name="Mine", visibility=Visibility.PRIVATE
    )
    elsewhere = collecting.create(by=foreign.author, team=foreign.team, name="Winter")
    found = {"team": shared.pk, "private": private.pk, "foreign": elsewhere.pk, "missing": uuid4()}
    for of, pk in found.items():
        for name in ("", "-settings", "-delete", "-remove", "-arrange", "-share"):
            world.arguments[f"collection{name}", of] = [pk]


def _make_links(world: World) -> None:
    """To somebody's image of the team; beside it those that the visitor and others made."""
    team = world.studio.team
    foreign = Image.objects.get(pk=world.images["foreign"])
    other = factories.member(team)
    shown = Image.objects.get(pk=world.images["team"])
    link, secret = sharing.share(by=other, what=shown, terms=Terms())
    elsewhere, _ = sharing.share(by=foreign.author, what=foreign, terms=Terms())
    world.arguments |= {
        ("share-revoke", "own"): [_link_of(world, shown).pk],
        ("share-revoke", "team"): [link.pk],
        ("share-revoke", "foreign"): [elsewhere.pk],
        ("share-revoke", "missing"): [uuid4()],
        ("share", "team"): [secret],
        ("share", "missing"): ["wrong"],
        ("share-more", "team"): [secret],
        ("share-more", "missing"): ["wrong"],
    }
    for name in ("share-image", "share-report"):
        world.arguments[name, "team"] = [secret, shown.pk]
        world.arguments[name, "missing"] = ["wrong", shown.pk]


def _make_states_of_links(world: World) -> None:
    """Links to an image and to a collection of it in each state, with the passes that they gave out
    while they were open."""
    for of in LINK_STATES:
        image = Image.objects.select_related("author", "team").get(pk=world.images[of])
        held = collecting.create(by=image.author, team=image.team, name=of)
        collecting.add(by=image.author, collection=held, images=[image.pk])
        link, secret = sharing.share(by=image.author, what=image, terms=Terms())
        to_more, more = sharing.share(by=image.author, what=held, terms=Terms())
        given = sharing.enter(link)
        for name, _ in SHARED_PAGES:
            world.arguments[name, of] = [secret, image.pk]
            world.passes[name, of] = given
        world.arguments |= {("share", of): [secret], ("share-more", of): [more]}
        world.passes["share-more", of] = sharing.enter(to_more)
        _bring_into(of, image, world.studio)
    _make_wrong_passes(world)


def _make_wrong_passes(world: World) -> None:
    """Those of one link, for what another shows."""
    (secret,) = world.arguments["share", "open"]
    for name, _ in SHARED_PAGES:
        world.arguments[name, "another-image"] = [secret, world.images["used-up"]]
        world.passes[name, "another-image"] = world.passes["share-image", "open"]
        world.arguments[name, "another-link"] = world.arguments[name, "open"]
        world.passes[name, "another-link"] = world.passes["share-image", "used-up"]
    world.arguments["share-more", "another-image"] = [secret]


def _bring_into(state: str, image: Image, studio: Studio) -> None:
    links = ShareLink.objects.filter(Q(image=image) | Q(collection__items__image=image))
    match state:
        case "used-up":
            links.update(max_views=F("views"))
        case "expired":
            links.update(expires_at=timezone.now())
        case "revoked":
            links.revoke()
        case "reported":
            moderation.report(by=studio.owner, image=image, reason=ReportReason.RIGHTS)
        case "trashed":
            trash.throw_away(by=image.author, images=[image.pk])
        case "hidden":
            hide(studio, image)


def _link_of(world: World, shown: Image) -> ShareLink:
    """One of the visitor's own, who may not make any if they only look."""
    made, _ = sharing.share(by=world.studio.owner, what=shown, terms=Terms())
    ShareLink.objects.filter(pk=made.pk).update(made_by=world.visitor)
    return made


def _make_members(world: World) -> None:
    places: dict[str, Team] = {"team": world.studio.team, "foreign": factories.team()}
    for of, place in places.items():
        guest = factories.member(place)
        invitation, secret = invitations.invite(
            by=factories.owner_of(place), team=place, role=Role.VIEWER
        )
        membership = Membership.objects.get(user=guest, team=place)
        world.arguments |= {
            ("invitation-revoke", of): [invitation.pk],
            ("member-role", of): [membership.pk],
            ("member-remove", of): [membership.pk],
            ("invitation", of): [secret],
        }
    limit = budgets.set_limit(
        by=factories.owner_of(world.studio.team),
        team=world.studio.team,
        member=None,
        model="",
        period=Period.MONTH,
        amount=1000 * factories.CREDIT,
    )
    world.arguments["limit-end", "team"] = [limit.pk]
    world.arguments["team-credits", "team"] = [world.studio.team.slug]
    world.arguments["change-decide", "change"] = [factories.waiting_change(limit.team).pk]
    world.arguments["price-decide", "proposal"] = [prices.proposal().pk]
    world.arguments["markup-end", "markup"] = [prices.mark_up(100, model="flux-pro").pk]
    for name in (
        "statement",
        "statement-file",
        "statement-csv",
        "own-statement",
        "own-statement-csv",
    ):
        world.arguments[name, "month"] = [Month(date(2026, 11, 1))]
    for name in ("invitation-revoke", "member-role", "member-remove"):
        world.arguments[name, "missing"] = [uuid4()]
    world.arguments["fal-hook", "missing"] = [uuid4(), "wrong"]
    world.arguments["circuit-try", "missing"] = [0]
    for name in ("invitation", "login-link", "account_confirm_email"):
        world.arguments[name, "missing"] = ["wrong"]
    world.arguments["account_reset_password_from_key", "missing"] = ["wrong", "key"]


def _make_waiting(world: World) -> None:
    """What waits for somebody's decision: a request, and what was asked for."""
    team, other = world.studio.team, factories.member(world.studio.team)
    reference = factories.data_uri()
    request = factories.waiting(
        of=team, by=other, model="flux-2/edit", params={"image_urls": [reference]}
    )
    teams.set_approval(by=world.studio.owner, team=team, above=None)
    limit = factories.limit(team, other)
    for_room = asks.ask(by=other, team=team, amount=1, words="More", limit=limit)
    for_credits = asks.ask(by=other, team=team, amount=1, words="More")
    world.arguments |= {
        ("approval", "waiting"): [request.pk],
        ("approval-decide", "waiting"): [request.pk],
        ("approval-reference", "waiting"): [request.pk, 0],
        ("approval-link", "waiting"): [approval_links.token(request.pk)],
        ("approval-link", "missing"): ["wrong"],
        ("limit-ask", "waiting"): [for_room.pk],
        ("credit-ask-decide", "waiting"): [for_credits.pk],
        ("credits-ask-withdraw", "waiting"): [for_credits.pk],
    }
    for name in ("approval", "approval-decide", "limit-ask", "credits-ask-withdraw"):
        world.arguments[name, "missing"] = [uuid4()]


def arrive(world: World, kind: str) -> Client:
    if kind == "anonymous":
        return Client()
    client = browser(world.visitor)
    if kind == "disabled":
        User.objects.filter(pk=world.visitor.pk).update(is_active=False)
    return client


def visit(client: Client, world: World, row: Row) -> HttpResponse:
    """The answer; what the visit changed, here and in the browser, is undone."""
    cookies = client.cookies
    client.cookies = copy(cookies)
    address = reverse(row.name, args=world.arguments_of(row))
    form: dict[str, object] = dict(row.form)
    if given := world.passes.get((row.name, row.of)):
        form["pass"] = given
    if row.name.startswith(("images-", "trash-", "collection-")):
        form["image"] = str(world.images.get(row.of, ""))
    if row.name == "collection-choices" and row.of:
        form["team"] = world.studio.team.slug
    if row.name in {"compare", "images-compare"} and row.of:
        pair = [str(world.images[one]) for one in ("own", row.of)]
        form |= {"image": pair, "a": pair[0], "b": pair[1]}
    if row.method == "post":
        form = composed(world.studio.team, **form)
    with transaction.atomic():
        answer: HttpResponse = getattr(client, row.method)(address, form)
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer
