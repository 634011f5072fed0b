import pytest

from generations import failures
from generations.providers.errors import ErrorKind
from generations.services import outcomes

ACTIONS = {"retry", "edit", "other_model", "ask_owner"}
# Such errors leave a request unconfirmed, and it ends under another code.
NEVER_AN_END = {ErrorKind.SERVER}
# Codes that the engine itself gives to what failed.
OURS = ["blocked", "lost", "not_run", "unclear", "unreadable"]


@pytest.mark.parametrize("code", [*OURS, *sorted(set(ErrorKind) - NEVER_AN_END)])
def test_every_way_to_fail_has_words_of_its_own(code: str) -> None:
    failure = failures.explain(code)
    assert failure is not failures.UNKNOWN
    assert failure.title
    assert failure.text.endswith(".")


@pytest.mark.parametrize("code", failures.FAILURES)
def test_a_failure_says_that_it_was_not_charged_and_what_to_do(code: str) -> None:
    failure = failures.explain(code)
    assert failure.charged == "Not charged"
    assert failure.action in ACTIONS


@pytest.mark.parametrize("kind", sorted(outcomes.OWNERS_MATTER))
def test_who_reads_that_the_owners_were_told_can_believe_it(kind: ErrorKind) -> None:
    failure = failures.explain(kind)
    assert failure.action == "ask_owner"
    assert "owners were told" in failure.text


def test_nobody_else_is_said_to_have_been_told() -> None:
    told = {code for code, failure in failures.FAILURES.items() if "were told" in failure.text}
    assert told == outcomes.OWNERS_MATTER


def test_a_code_of_a_later_version_still_has_words() -> None:
    assert failures.explain("from the future") is failures.UNKNOWN
