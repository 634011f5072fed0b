import re

from config.paths import BASE
from tests.accounts.people import People, browser

DECLARED = re.compile(r'data-key="([^"{]+)"')
SHIFTED = {"D": "Shift D", "Delete": "Del", "-": "−"}


def test_single_keys_are_on_until_somebody_turns_them_off(people: People) -> None:
    mine = browser(people.member)
    assert 'data-shortcuts="off"' not in mine.get("/").text

    assert mine.post("/keyboard/", {"shortcuts": "off"}).headers["Location"] == "/keyboard/"
    assert 'data-shortcuts="off"' in mine.get("/").text
    assert 'data-shortcuts="off"' not in browser(people.admin).get("/").text

    mine.post("/keyboard/", {"shortcuts": "on"})
    assert 'data-shortcuts="off"' not in mine.get("/").text


def test_the_sheet_comes_without_the_page_around_it(people: People) -> None:
    sheet = browser(people.member).get("/keyboard/", headers={"HX-Request": "true"}).text

    assert sheet.strip().startswith("<dialog")
    assert "<html" not in sheet


def test_every_key_that_a_page_declares_is_on_the_list(people: People) -> None:
    """So that nothing is pressed by a key of which nobody is told."""
    people.member.is_staff = True
    people.member.save()
    page = browser(people.member).get("/keyboard/").text
    told = re.findall(r"<dt>(.*?)</dt>", page)
    listed = " ".join(re.sub(r"<[^>]+>", "", one) for one in told).split(" ")
    listed += [re.sub(r"<[^>]+>", "", one) for one in told]
    declared = {
        SHIFTED.get(key, key)
        for file in BASE.glob("templates/**/*.html")
        for key in DECLARED.findall(file.read_text())
    }

    assert len(declared) > 10
    assert declared - set(listed) == set()


def test_the_keys_of_moderation_are_told_to_staff(people: People) -> None:
    assert "Among reports" not in browser(people.owner).get("/keyboard/").text

    people.member.is_staff = True
    people.member.save()

    assert "Among reports" in browser(people.member).get("/keyboard/").text
