"""What people write is text on every page, whatever it looks like."""

from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Invitation, Role, Team, User
from accounts.services import invitations
from generations.models import Comparison, Decision, GenerationRequest, Image
from generations.providers.errors import ErrorKind
from tests import factories
from tests.generations import runs
from tests.generations.views.studio import HTMX, Studio, browser, composed, failed, hide

ATTACKS = """
<script>alert(1)</script> </textarea><script>alert(1)</script> "><img src=x onerror=alert(1)>
' autofocus onfocus='alert(1) " autofocus onfocus="alert(1) <svg/onload=alert(1)> <!--<b>//-->
{{ 7|add:7 }} {% csrf_token %} </title><style>*{display:none}</style> javascript:alert(1) &lt;b&gt;
</script></style></noscript><base href=//evil.example> \u202e \u2028 <a href=javascript:alert(1)>
"""
NAMES = [
    "<script>alert(1)</script>\"'><svg/onload=alert(1)>",
    '" autofocus onfocus="alert(1)',
    "' autofocus onfocus='alert(1)' {{ 7|add:7 }} {% csrf_token %}",
]


class Skeleton(HTMLParser):
    """The tags of a page with their attributes' names, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.links: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.links |= {value or "" for name, value in attrs if name in {"href", "src", "action"}}


def pages(studio: Studio) -> list[str]:
    """Every page that shows a prompt, a name or a reason."""
    shown = Image.objects.stored().select_related("request").get()
    words = shown.request.prompt
    image = reverse("image", args=[shown.pk])
    request = reverse("request", args=[shown.request_id])
    mine, watching, owner = map(browser, (studio.author, studio.viewer, studio.owner))
    _, secret = invitations.invite(by=studio.owner, team=studio.team, role=Role.VIEWER)
    asked = [
        mine.get("/"),
        mine.get("/", {"prompt": words}),
        mine.get("/", {"edit": str(shown.request_id)}),
        mine.get("/gallery/"),
        mine.get("/team/"),
        mine.get(image),
        mine.post(f"{image}report/", {"reason": words, "words": words}),
        mine.get(request),
        mine.get(request, headers=HTMX),
        mine.get("/no/such/page/"),
        mine.post("/", composed(studio.team, prompt=words, seed=words, num_images=words)),
        mine.post("/composer/", composed(studio.team, prompt=words, choose_model=words)),
        mine.post("/", composed(studio.team, model=words, prompt=words)),
        mine.get("/compare/"),
        mine.get("/compare/", {"a": str(shown.pk)}),
        mine.get(reverse("comparison", args=[Comparison.objects.get().pk])),
        mine.get("/compare/new/", {"prompt": words}),
        mine.post("/compare/new/", composed(studio.team, prompt=words, seed=words, models=words)),
        watching.get("/"),
        watching.post("/", composed(studio.team)),
        owner.get("/settings/"),
        owner.post("/settings/", {"team": studio.team.slug, "name": ""}),
        owner.get("/teams/new/"),
        Client().get(reverse("invitation", args=[secret])),
        browser(studio.outsider).get(reverse("invitation", args=[secret])),
    ]
    return [response.text for response in asked]


def rename(studio: Studio, name: str, words: str) -> None:
    Invitation.objects.all().delete()
    Team.objects.filter(pk=studio.team.pk).update(name=name)
    User.objects.filter(memberships__team=studio.team).update(name=name)
    GenerationRequest.objects.update(prompt=words)
    Comparison.objects.update(prompt=words)
    Decision.objects.update(reason=words)


@pytest.fixture
def drawn(studio: Studio) -> Studio:
    """With a failed, a hidden and a queued tile beside the ready one."""
    failed(factories.request(of=studio.team, by=studio.author), ErrorKind.TOO_LARGE)
    hide(studio, factories.stored_image(of=studio.team, by=studio.author))
    factories.stored_image(of=studio.team, by=studio.author)
    factories.request(of=studio.team, by=studio.author)
    runs.start(studio.author, studio.team)
    return studio


@pytest.mark.parametrize("name", NAMES)
def test_words_change_no_tag_of_a_page(drawn: Studio, name: str) -> None:
    rename(drawn, "Plain", "plain words")
    plain = [Skeleton(page) for page in pages(drawn)]
    rename(drawn, name, ATTACKS)
    attacked = [Skeleton(page) for page in pages(drawn)]

    for one, other in zip(plain, attacked, strict=True):
        assert one.tags == other.tags
        assert not any(link.startswith(("javascript:", "//")) for link in other.links)


def test_words_are_not_a_template(drawn: Studio) -> None:
    rename(drawn, "{{ 7|add:7 }}", "{{ 7|add:7 }} {% csrf_token %}")

    for page in pages(drawn):
        assert "14 <input" not in page
        assert ">14<" not in page
