"""What people outside see through a link, with a browser that knows nobody."""

import io
import re
import time
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image as Picture

from generations import provenance
from generations.models import Collection, Download, Image, Report, ShareLink
from generations.services import collecting, images, sharing
from generations.services.sharing import Terms
from generations.views import shared as shared_pages
from tests import factories
from tests.generations.files import credentialed, noise
from tests.generations.views.studio import Studio, browser, hide

PROMPT = "A heron nobody outside knows of"


@pytest.fixture
def image(studio: Studio) -> Image:
    return factories.stored_image(
        of=studio.team, by=studio.author, prompt=PROMPT, data=noise("image/png")
    )


def shared(image: Image, **terms: object) -> str:
    """The address of a new link."""
    made = Terms(**terms)  # type: ignore[arg-type]  # as each test names them
    return f"/s/{sharing.share(by=image.author, what=image, terms=made)[1]}/"


class Page(Protocol):
    """As much of an answer as is looked at here."""

    @property
    def text(self) -> str: ...
    @property
    def headers(self) -> object: ...


def sources(page: Page) -> list[str]:
    """Every file that the page shows or offers."""
    return [
        found.replace("&amp;", "&") for found in re.findall(r'"(/s/[^"]*/file/[^"]*)"', page.text)
    ]


def source(page: Page, name: str) -> str:
    return next(one for one in sources(page) if f"/file/{name}/" in one)


def everything_of(page: Page) -> str:
    return page.text + str(page.headers)


def test_a_stranger_sees_the_image_and_that_a_model_made_it(client: Client, image: Image) -> None:
    page = client.get(shared(image))

    assert page.status_code == 200
    assert "AI-generated image." in page.text
    assert "Made by Northlight with FLUX.1 [dev]" in page.text
    assert "Link expires" in page.text
    shown = client.get(source(page, "1280"))
    with Picture.open(io.BytesIO(shown.content)) as picture:
        assert picture.size == (65, 49)


def test_nothing_is_kept_indexed_or_remembered(client: Client, image: Image) -> None:
    address = shared(image, password="open sesame")
    opened = client.post(address, {"password": "open sesame"})
    answers = [
        client.get(address),
        client.post(address, {"password": "wrong"}),
        opened,
        *(client.get(one) for one in sources(opened)),
        client.get("/s/unknown/"),
    ]

    for answer in answers:
        assert not answer.cookies
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in opened.text
    assert "<script" not in opened.text


def test_whoever_is_signed_in_is_a_stranger_there_too(studio: Studio, image: Image) -> None:
    page = browser(studio.author).get(shared(image))

    assert studio.author.email not in page.text
    assert "/gallery/" not in page.text
    assert not page.cookies


def test_the_prompt_is_shown_only_if_that_was_chosen(client: Client, image: Image) -> None:
    assert PROMPT not in everything_of(client.get(shared(image)))
    assert PROMPT in client.get(shared(image, shows_prompt=True)).text


def preview(page: Page) -> dict[str, str]:
    """What a messenger shows of an address."""
    return dict(re.findall(r'<meta property="og:(\w+)"\s+content="([^"]*)">', page.text))


@pytest.mark.parametrize(("shows", "title"), [(False, "Shared image"), (True, PROMPT)])
def test_a_messenger_previews_what_an_open_link_shows(
    client: Client, image: Image, shows: bool, title: str
) -> None:
    page = client.get(shared(image, shows_prompt=shows))
    shown = preview(page)

    assert (shown["type"], shown["title"]) == ("website", title)
    assert shown["description"] == "AI-generated image, made by Northlight with FLUX.1 [dev]."
    assert shown["image"] == f"http://testserver{source(page, '1280')}"
    assert client.get(shown["image"]).headers["Content-Type"].startswith("image/")


@pytest.mark.parametrize("terms", [{"password": "open sesame"}, {"max_views": 3}])
def test_a_messenger_previews_nothing_of_what_has_a_door(
    client: Client, image: Image, terms: dict[str, object]
) -> None:
    address = shared(image, shows_prompt=True, **terms)
    opened = client.post(address, {"password": "open sesame"})

    for page in (client.get(address), opened):
        assert set(preview(page)) == {"type", "title", "description"}
        assert preview(page)["title"] == "Shared with you"
    assert PROMPT in opened.text


def test_a_shared_picture_has_its_true_shape(studio: Studio, mine: Client, client: Client) -> None:
    data = factories.picture((90, 210))
    image = factories.stored_image(of=studio.team, by=studio.author, data=data)

    assert "--ar: 0.4286;" in client.get(shared(image)).text
    assert "--ar: 0.4286;" in mine.get(f"/i/{image.pk}/share/").text


@pytest.mark.parametrize("ready", [False, True])
def test_files_say_nothing_unless_that_was_chosen(
    client: Client, image: Image, ready: bool
) -> None:
    if ready:
        images.make_renditions(image.pk)
    page = client.get(shared(image))

    for address in sources(page):
        file = client.get(address)
        assert not provenance.read(file.content).any, address
        assert b"heron" not in file.content
        assert "heron" not in str(file.headers)


def test_a_credential_is_taken_out_too_unless_files_keep_what_they_say(
    studio: Studio, client: Client
) -> None:
    signed = credentialed("image/png")
    image = factories.stored_image(of=studio.team, by=studio.author, data=signed)

    bare = client.get(source(client.get(shared(image)), "download")).content
    whole = client.get(source(client.get(shared(image, keeps_metadata=True)), "download")).content

    assert not provenance.read(bare).any
    assert whole == signed


def test_files_that_keep_their_metadata_say_how_they_were_made(
    client: Client, image: Image
) -> None:
    page = client.get(shared(image, keeps_metadata=True))

    file = client.get(source(page, "download"))

    assert provenance.read(file.content).text.startswith(PROMPT)
    name = f"darkroom-{image.pk}.png"
    assert file.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    kept = Download.objects.get()
    assert (kept.by, kept.link) == (None, ShareLink.objects.get())


def test_a_view_is_counted_when_the_page_is_opened(client: Client, image: Image) -> None:
    address = shared(image)

    client.head(address)
    client.get(address)

    assert ShareLink.objects.get().views == 1


def test_a_program_that_looks_at_a_link_uses_up_no_view(client: Client, image: Image) -> None:
    address = shared(image, max_views=1, shows_prompt=True)

    looks = [
        client.get(address, headers={"user-agent": "Slackbot-LinkExpanding 1.0"}),
        client.get(address),
    ]
    client.head(address)

    assert ShareLink.objects.get().views == 0
    for page in looks:
        assert "can be opened 1 more time." in page.text
        assert "Open</button>" in page.text
        assert PROMPT not in page.text
        assert str(image.pk) not in page.text
    assert client.post(address).status_code == 200


def test_a_link_opens_only_so_often(client: Client, image: Image) -> None:
    address = shared(image, max_views=2)

    pages = [client.post(address) for _ in range(3)]

    assert [page.status_code for page in pages] == [200, 200, 404]
    assert (client.head(address).status_code, client.get(address).status_code) == (404, 404)
    # Who had the last view may still look at it.
    assert client.get(source(pages[1], "1280")).status_code == 200
    assert ShareLink.objects.get().views == 2


def test_no_file_opens_without_a_view(client: Client, image: Image) -> None:
    page = client.post(shared(image, max_views=1))
    address = source(page, "1280")
    bare, _, given = address.partition("?pass=")

    assert client.get(address).status_code == 200
    for wrong in (bare, f"{bare}?pass=", f"{bare}?pass={given[:-1]}"):
        assert client.get(wrong).status_code == 404


def test_a_pass_of_another_link_opens_nothing(studio: Studio, client: Client, image: Image) -> None:
    other = factories.stored_image(of=studio.team, by=studio.author)
    closed = shared(image, password="open sesame")
    given = source(client.get(shared(other)), "1280").partition("?pass=")[2]

    for name in ("1280", "download"):
        assert client.get(f"{closed}{image.pk}/file/{name}/?pass={given}").status_code == 404
    assert client.get(f"{closed}{image.pk}/?pass={given}").status_code == 404


def an_hour_later() -> AbstractContextManager[object]:
    return mock.patch("time.time", return_value=time.time() + 61 * 60)


def test_whoever_was_let_in_an_hour_ago_is_told_to_open_the_link_again(
    studio: Studio, client: Client, autumn: list[Image]
) -> None:
    what = Collection.objects.get()
    _, secret = sharing.share(by=what.owner, what=what, terms=Terms(max_views=2))
    address = f"/s/{secret}/"
    given = source(client.post(address), "640").partition("?pass=")[2]
    of_image = f"{address}{autumn[0].pk}/"

    with an_hour_later():
        late = [
            client.get(f"{address}more/?pass={given}"),
            client.get(f"{of_image}?pass={given}"),
            client.get(f"{of_image}file/640/?pass={given}"),
            client.post(f"{of_image}report/", {"pass": given, "reason": "other"}),
        ]
        forged = client.get(f"{of_image}?pass={given[:-1]}")

    for answer in late:
        assert answer.status_code == 404
        assert f'href="{address}">Open the link again</a>' in answer.text
        assert "It can be opened 1 more time." in answer.text
    assert "Open the link again" not in forged.text
    assert not Report.objects.exists()
    assert "Open the link again" not in client.get(f"{of_image}?pass={given}").text


@pytest.mark.parametrize("what", ["revoked", "expired", "hidden", "reported", "used up"])
def test_nobody_is_told_to_open_again_what_opens_no_more(
    studio: Studio, client: Client, image: Image, what: str
) -> None:
    files = sources(client.post(shared(image, max_views=1 if what == "used up" else 2)))
    if what != "used up":
        end(what, studio, image)

    with an_hour_later():
        answers = [client.get(one) for one in files]

    assert {answer.content for answer in answers} == {client.get("/s/unknown/").content}


@pytest.mark.parametrize("name", ["1280", "download", "original", "2560"])
def test_a_link_opens_no_other_image(
    studio: Studio, client: Client, image: Image, name: str
) -> None:
    other = factories.stored_image(of=studio.team, by=studio.author)
    address = shared(image)
    given = source(client.get(address), "1280").partition("?pass=")[2]

    assert client.get(f"{address}{other.pk}/file/{name}/?pass={given}").status_code == 404
    assert client.get(f"{address}{other.pk}/?pass={given}").status_code == 404
    answer = client.post(f"{address}{other.pk}/report/", {"pass": given, "reason": "other"})
    assert answer.status_code == 404


def test_a_link_opens_no_other_page(client: Client, image: Image) -> None:
    client.get(shared(image))

    for address in (f"/i/{image.pk}/", f"/i/{image.pk}/file/640/", f"/i/{image.pk}/download/"):
        assert client.get(address).status_code == 404


def end(what: str, studio: Studio, image: Image) -> None:
    link = ShareLink.objects.get()
    if what == "revoked":
        sharing.revoke(by=studio.author, link=link)
    elif what == "expired":
        ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif what == "hidden":
        hide(studio, image)
    else:
        browser(studio.viewer).post(f"/i/{image.pk}/report/", {"reason": "rights"})


@pytest.mark.parametrize("what", ["revoked", "expired", "hidden", "reported"])
def test_page_and_files_stop_at_once_and_all_in_the_same_way(
    studio: Studio, client: Client, image: Image, what: str
) -> None:
    address = shared(image)
    files = sources(client.get(address))
    unknown = client.get("/s/unknown/")

    end(what, studio, image)

    for one in (address, *files):
        answer = client.get(one)
        assert (answer.status_code, answer.content) == (404, unknown.content), one


def test_a_link_with_a_password_shows_nothing_before_it(client: Client, image: Image) -> None:
    address = shared(image, password="open sesame", shows_prompt=True)

    asked = client.get(address)
    wrong = client.post(address, {"password": "guess"})
    opened = client.post(address, {"password": "open sesame"})

    assert (asked.status_code, wrong.status_code, opened.status_code) == (200, 422, 200)
    assert "This is not the password." in wrong.text
    for page in (asked, wrong):
        assert PROMPT not in page.text
        assert str(image.pk) not in page.text
        assert "sesame" not in page.text
    assert client.get(source(opened, "1280")).status_code == 200
    assert ShareLink.objects.get().views == 1


def test_a_password_that_is_tried_too_often_is_refused(client: Client, image: Image) -> None:
    address = shared(image, password="open sesame")
    for _ in range(10):
        client.post(address, {"password": "guess"})

    answer = client.post(address, {"password": "open sesame"})

    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.text


def test_a_stranger_reports_and_the_image_is_shown_no_more(client: Client, image: Image) -> None:
    address = shared(image)
    page = client.get(address)
    given = source(page, "1280").partition("?pass=")[2]
    form = {"pass": given, "reason": "person", "words": "That is me"}

    empty = client.post(f"{address}{image.pk}/report/", {"pass": given})
    sent = client.post(f"{address}{image.pk}/report/", form)

    assert (empty.status_code, sent.status_code) == (422, 200)
    assert "Thank you" in sent.text
    report = Report.objects.get()
    assert (report.reporter, report.reason, report.words) == (None, "person", "That is me")
    assert client.get(address).status_code == 404
    assert not sent.cookies


def test_who_reported_one_of_several_goes_on_to_the_others(
    studio: Studio, client: Client, image: Image
) -> None:
    other = factories.stored_image(of=studio.team, by=studio.author)
    collection = collecting.create(by=studio.author, team=studio.team, name="Autumn")
    collecting.add(by=studio.author, collection=collection, images=[image.pk, other.pk])
    address = f"/s/{sharing.share(by=studio.author, what=collection, terms=Terms())[1]}/"
    given = source(client.get(address), "640").partition("?pass=")[2]
    form = {"pass": given, "reason": "person"}

    first = client.post(f"{address}{image.pk}/report/", form)
    last = client.post(f"{address}{other.pk}/report/", form)

    [further] = re.findall(r'href="([^"]*)">All images</a>', first.text)
    assert further == f"{address}more/?pass={given}"
    assert "All images" not in last.text


def test_no_report_comes_without_a_view(client: Client, image: Image) -> None:
    address = f"{shared(image)}{image.pk}/report/"

    assert client.post(address, {"reason": "person"}).status_code == 404
    assert not Report.objects.exists()


def test_a_collection_leads_to_each_of_its_images(
    studio: Studio, client: Client, image: Image
) -> None:
    other = factories.stored_image(of=studio.team, by=studio.author)
    collection = collecting.create(by=studio.author, team=studio.team, name="Autumn")
    collecting.add(by=studio.author, collection=collection, images=[image.pk, other.pk])
    _, secret = sharing.share(by=studio.author, what=collection, terms=Terms())

    page = client.get(f"/s/{secret}/")
    ways = re.findall(rf'"(/s/{secret}/[^/"]+/\?pass=[^"]+)"', page.text)

    assert "AI-generated images." in page.text
    assert preview(page)["title"] == "Autumn"
    assert f"/{image.pk}/file/1280/" in preview(page)["image"]
    assert len(ways) == 2
    for way in ways:
        assert "Report this image" in client.get(way).text
    assert ShareLink.objects.get().views == 1


@pytest.fixture
def autumn(studio: Studio) -> list[Image]:
    """Five images of a shared collection, of which two are on a page."""
    made = [factories.stored_image(of=studio.team, by=studio.author) for _ in range(5)]
    collection = collecting.create(by=studio.author, team=studio.team, name="Autumn")
    collecting.add(by=studio.author, collection=collection, images=[one.pk for one in made])
    return made


def pages_of(client: Client, address: str) -> list[Page]:
    """All pages of a shared collection, as its links lead on."""
    found: list[Page] = [client.post(address)]
    while further := re.search(r'href="([^"]*after=[^"]*)"', found[-1].text):
        found.append(client.get(further[1].replace("&amp;", "&")))
    return found


def test_a_large_collection_is_shown_to_its_end_for_one_view(
    client: Client, autumn: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_pages, "PAGE", 2)
    what = Collection.objects.get()
    _, secret = sharing.share(by=what.owner, what=what, terms=Terms(max_views=1))

    pages = pages_of(client, f"/s/{secret}/")

    seen = [re.findall(rf'href="/s/{secret}/([^/"]{{36}})/', page.text) for page in pages]
    names = [str(image.pk) for image in autumn]
    assert seen == [names[:2], names[2:4], names[4:]]
    for page, words in zip(pages, ("1 to 2", "3 to 4", "5 to 5"), strict=True):
        assert f"Images {words} of 5" in page.text
    assert 'alt="AI-generated image 5"' in pages[2].text
    assert ShareLink.objects.get().views == 1


def test_no_further_page_of_a_collection_comes_without_a_view(
    client: Client, autumn: list[Image], image: Image
) -> None:
    what = Collection.objects.get()
    _, secret = sharing.share(by=what.owner, what=what, terms=Terms())
    alone = shared(image)
    other = source(client.get(alone), "1280").partition("?pass=")[2]
    given = source(client.get(f"/s/{secret}/"), "640").partition("?pass=")[2]

    for wrong in ("", "?pass=", f"?pass={other}"):
        assert client.get(f"/s/{secret}/more/{wrong}").status_code == 404
    assert client.get(f"{alone}more/?pass={other}").status_code == 404  # One image has no more.
    for odd in ("", "&after=", "&after=none", f"&after={10**30}"):
        page = client.get(f"/s/{secret}/more/?pass={given}{odd}")
        assert (page.status_code, page.text.count('class="tile"')) == (200, 5)
