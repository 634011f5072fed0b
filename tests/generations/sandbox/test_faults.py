import pytest

from generations.sandbox.faults import NO_FAULT, Fault, Faults, RuleError, read_rule


def rules(*words: object) -> Faults:
    faults = Faults()
    faults.add(list(words))
    return faults


def test_nothing_strikes_without_rules() -> None:
    assert Faults().at_post("A fox") is NO_FAULT


def test_a_rule_strikes_once_unless_told_otherwise() -> None:
    faults = rules({"fault": "garbage"})
    assert faults.at_post("A fox").fault is Fault.GARBAGE
    assert faults.at_post("A fox") is NO_FAULT


def test_a_rule_strikes_as_often_as_it_says() -> None:
    faults = rules({"fault": "garbage", "times": 2})
    assert [faults.at_post("A fox").fault for _ in range(3)] == ["garbage", "garbage", "none"]


def test_a_rule_without_times_strikes_until_it_is_deleted() -> None:
    faults = rules({"fault": "garbage", "times": None})
    assert all(faults.at_post("A fox").fault is Fault.GARBAGE for _ in range(5))
    faults.clear()
    assert faults.at_post("A fox") is NO_FAULT


def test_a_rule_strikes_the_prompts_it_matches() -> None:
    faults = rules({"fault": "garbage", "match": "owl"})
    assert faults.at_post("A fox") is NO_FAULT
    assert faults.at_post("An owl at night").fault is Fault.GARBAGE


def test_rules_strike_in_the_order_they_came() -> None:
    faults = rules({"fault": "garbage"}, {"fault": "empty"})
    assert [faults.at_post("").fault for _ in range(2)] == ["garbage", "empty"]


def test_a_rule_about_a_question_to_fal_strikes_that_question_alone() -> None:
    faults = rules({"fault": "fal_status_cut", "match": "owl"}, {"fault": "fal_cancel_fails"})
    assert faults.at_question("result", "An owl") is NO_FAULT
    assert faults.at_question("status", "A fox") is NO_FAULT
    assert faults.at_question("status", "An owl").fault is Fault.FAL_STATUS_CUT
    assert faults.at_question("cancel", "A fox").fault is Fault.FAL_CANCEL_FAILS


def test_a_file_rule_strikes_the_downloads_of_its_prompt() -> None:
    faults = rules({"fault": "file_drop", "match": "owl"})
    faults.remember("digest of an owl", "An owl")
    assert faults.at_post("An owl") is NO_FAULT
    assert faults.at_file("another digest") is NO_FAULT
    assert faults.at_file("digest of an owl").fault is Fault.FILE_DROP


def test_a_logs_rule_strikes_the_logs_alone() -> None:
    faults = rules({"fault": "logs_status", "status": 503})
    assert faults.at_post("") is NO_FAULT
    assert faults.at_logs().status == 503


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        ({"fault": "status"}, False),
        ({"fault": "status", "charged": True}, True),
        ({"fault": "drop_before"}, False),
        ({"fault": "drop_after"}, True),
        ({"fault": "garbage"}, True),
        ({"fault": "garbage", "charged": False}, False),
        ({"fault": "empty"}, True),
    ],
)
def test_a_rule_knows_whether_the_work_is_done(words: object, runs: bool) -> None:
    assert read_rule(words).runs is runs


@pytest.mark.parametrize(
    "words",
    [
        "garbage",
        {"match": "owl"},
        {"fault": "none"},
        {"fault": "unheard_of"},
        {"fault": ["garbage"]},
        {"fault": "drop_before", "charged": True},
        {"fault": "garbage", "times": "2"},
        {"fault": "garbage", "charged": 1},
        {"fault": "file_drop", "seconds": 1},
        {"fault": "shape", "shape": "F"},
        {"fault": "status", "status": 99},
        {"fault": "status", "envelope": "fancy"},
        {"fault": "garbage", "times": 0},
        {"fault": "delay", "seconds": -1},
        {"fault": "drip", "rate": 0},
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(words: object) -> None:
    with pytest.raises(RuleError):
        read_rule(words)


def test_one_bad_rule_refuses_all_that_came_with_it() -> None:
    faults = Faults()
    with pytest.raises(RuleError):
        faults.add([{"fault": "garbage"}, {"fault": "unheard_of"}])
    assert faults.at_post("") is NO_FAULT
