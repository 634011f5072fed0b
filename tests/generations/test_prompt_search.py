"""What somebody types is a query of the database, whatever it is."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generations import prompt_search

PROMPT = 'A dark-blue lighthouse, f/1.8; Über "Straße" — running foxes'


def finds(text: str, prompt: str = PROMPT) -> bool:
    query = prompt_search.parse(text)
    if query is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT generations_search(gen_random_uuid(), 'm', %s, 1, 1, 1) @@ {query.sql}",
            [prompt, *query.values],
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "lighthouse",
        "LIGHTHOUSES",
        "lighth",
        "fox run",
        "running fo",
        "blue",
        '"dark blue"',
        "dark-blue",
        "1.8",
        "uber",
        "stra",
        "a",
        "harbour or fox",
        "fox -wolf",
        '-"blue foxes"',
        '"dark blue',
    ],
)
def test_found(text: str) -> None:
    assert finds(text)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    ["harbour", '"blue dark"', "lighthouse -fox", "fox -foxes", "-running", "house", '"light"'],
)
def test_not_found(text: str) -> None:
    assert not finds(text)


@pytest.mark.django_db
def test_only_the_last_word_may_be_a_beginning() -> None:
    assert finds("running lighth")
    assert not finds("lighth running")


@pytest.mark.django_db
def test_a_word_that_leaves_out_is_no_beginning() -> None:
    assert finds("lighthouse -lighth")


@pytest.mark.django_db
def test_words_that_stop_nothing_are_found_as_they_stand() -> None:
    assert finds("the who", "The Who on stage")
    assert finds("ein haus", "Ein Haus am See")


@pytest.mark.parametrize("text", ["", " ", "!", '"', "-", '-"', "\0", ":*", "<->", "&|!()"])
def test_no_word_is_no_query(text: str) -> None:
    assert prompt_search.parse(text) is None


@pytest.mark.django_db
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.text(alphabet="ab'\"\\-&|!():*<> or\0", max_size=30))
def test_no_input_is_an_error(text: str) -> None:
    finds(text)


@pytest.mark.django_db
def test_a_word_of_any_length_is_no_error() -> None:
    assert not finds("ß" * 5000)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    ["Straße—ÜBER", "ΣΑΣ ſ ﬁ №5", "हिन्दी “x” a_b", "it’s 5%°C ½", "日本語、テスト", "Ångström\tй"],
)
def test_prompts_and_what_is_looked_for_are_made_plain_alike(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT generations_plain(%s)", [text])
        assert prompt_search.plain(text) == " ".join(cursor.fetchone()[0].split())
