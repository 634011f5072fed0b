import base64
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generations.providers.answers import read_answer, read_cost
from generations.providers.base import Cost, Output, RawAnswer
from generations.providers.errors import ErrorKind, Outcome, UnreadableAnswer

CDN = "https://cdn.aimlapi.com/eagle/files"
PIXELS = b"\x89PNG and the rest"
BASE64 = base64.b64encode(PIXELS).decode()


def raw(body: object, **headers: str) -> RawAnswer:
    text = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return RawAnswer(status_code=200, headers=named, body=text, duration=1.0)


def outputs_of(body: object) -> tuple[Output, ...]:
    return read_answer(raw(body)).outputs


def test_shape_a_is_read() -> None:
    answer = read_answer(
        raw(
            {
                "images": [
                    {
                        "url": f"{CDN}/a.jpg",
                        "width": 1472,
                        "height": 512,
                        "content_type": "image/jpeg",
                        "file_name": None,
                    }
                ],
                "timings": {"inference": 4.4450759180035675},
                "seed": 3082066483,
                "has_nsfw_concepts": [False],
                "prompt": "a heron",
            },
            x_inference_id="inf-1",
        )
    )
    assert answer.outputs == (Output(f"{CDN}/a.jpg", None, 1472, 512, "image/jpeg", flagged=False),)
    assert (answer.seed, answer.cost, answer.inference_id) == (3082066483, None, "inf-1")


def test_shape_b_is_read() -> None:
    answer = read_answer(
        raw({"data": [{"url": f"{CDN}/b.png"}], "meta": {"usage": {"tokens_used": 25200}}})
    )
    assert answer.outputs == (Output(f"{CDN}/b.png", None, None, None, None, flagged=False),)
    assert answer.cost == Cost(12_600_000, 25200, "credits", "body")


def test_shape_c_names_each_file_once() -> None:
    files = [{"url": f"https://v3b.fal.media/{n}.jpg", "width": 1024, "height": 768} for n in "xy"]
    body = {"images": files, "data": files, "meta": {"usage": {"tokens_used": 52500}}}
    assert [output.url for output in outputs_of(body)] == [item["url"] for item in files]


def test_shape_d_is_read() -> None:
    item = {"mime_type": "image/png", "b64_json": None, "url": f"{CDN}/d.png"}
    usage = {"credits_used": 52000, "usd_spent": 0.026}
    answer = read_answer(raw({"created": 1776159998113, "data": [item], "meta": {"usage": usage}}))
    assert answer.outputs == (Output(f"{CDN}/d.png", None, None, None, "image/png", flagged=False),)
    assert answer.cost == Cost(26_000_000, 52000, "credits", "body")


def test_shape_e_is_read() -> None:
    body = {"status": "finished", "output": {"choices": [{"image_base64": BASE64}]}}
    assert [output.data for output in outputs_of(body)] == [PIXELS]


@pytest.mark.parametrize(
    "item",
    [
        {"b64_json": BASE64},
        {"base64": BASE64},
        {"image_base64": BASE64},
        {"url": None, "b64_json": f"data:image/png;base64,{BASE64}"},
        {"url": f"data:image/png;base64,{BASE64}"},
        {"b64_json": f"{BASE64[:8]}\n{BASE64[8:]}"},
        f"data:image/png;base64,{BASE64}",
    ],
)
def test_a_picture_may_come_within_the_answer(item: object) -> None:
    (output,) = outputs_of({"data": [item]})
    assert (output.url, output.data) == (None, PIXELS)


def test_a_bare_address_is_a_picture() -> None:
    assert outputs_of({"images": [f"{CDN}/a.png"]})[0].url == f"{CDN}/a.png"


def test_an_address_is_kept_beside_the_bytes() -> None:
    (output,) = outputs_of({"data": [{"url": f"{CDN}/a.png", "b64_json": BASE64}]})
    assert (output.url, output.data) == (f"{CDN}/a.png", PIXELS)


def test_the_same_address_twice_is_one_picture() -> None:
    items = [{"url": f"{CDN}/a.png"}, {"url": f"{CDN}/a.png"}, {"url": f"{CDN}/b.png"}]
    assert len(outputs_of({"data": items})) == 2


def test_a_list_of_nothing_gives_way_to_the_next() -> None:
    body = {"images": [{"url": None}], "data": [{"url": f"{CDN}/b.png"}]}
    assert [output.url for output in outputs_of(body)] == [f"{CDN}/b.png"]


def test_a_flag_stays_with_its_picture() -> None:
    items = [{"url": None}, {"url": f"{CDN}/a.png"}, {"url": f"{CDN}/b.png"}]
    body = {"images": items, "has_nsfw_concepts": [False, True]}
    assert [output.flagged for output in outputs_of(body)] == [True, False]


@pytest.mark.parametrize(
    ("seed", "kept"),
    [
        (3959063143, 3959063143),
        (196619188014358660, 196619188014358660),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (-1, None),
        (True, None),
        ("7", None),
        (None, None),
    ],
)
def test_a_seed_is_a_64_bit_number_or_unknown(seed: object, kept: int | None) -> None:
    body = {"images": [{"url": f"{CDN}/a.png"}], "seed": seed}
    assert read_answer(raw(body)).seed == kept


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>hello</html>",
        "null",
        "[]",
        '"text"',
        "{}",
        '{"data": null}',
        '{"data": []}',
        '{"data": [null, {}, {"url": ""}, {"url": "/relative.png"}, {"url": 7}]}',
        '{"data": [{"b64_json": "not base64"}]}',
        '{"data": [{"b64_json": "!!!!AAAA"}]}',
        '{"data": [{"url": "data:image/png;base64,"}]}',
        '{"data": [{"url": "https://a.aimlapi.com/\\ud800"}]}',
        '{"data": [{"url": "javascript:alert(1)"}]}',
        '{"images": "none", "output": {"choices": 7}}',
        '{"status": "queued", "generation_id": "x"}',
        '{"data": [{"url": "https://cdn.aimlapi.com/a.png"}]',
        "[" * 100_000,
        '{"seed": 1e999999999999999999999}',
        '{"seed": ' + "9" * 5000 + "}",
        "\ufeff{}",
    ],
)
def test_an_answer_without_a_picture_is_unreadable(body: str) -> None:
    with pytest.raises(UnreadableAnswer) as caught:
        read_answer(raw(body, x_aimlapi_credits_used="52000"))
    error = caught.value
    assert (error.outcome, error.kind) == (Outcome.UNKNOWN, ErrorKind.UNREADABLE)
    assert error.cost == Cost(26_000_000, 52000, "credits", "header")
    assert error.raw is not None


def test_an_unreadable_answer_says_what_it_cost() -> None:
    with pytest.raises(UnreadableAnswer) as caught:
        read_answer(raw({"data": [], "meta": {"usage": {"usd_spent": 0.0315}}}))
    assert caught.value.cost == Cost(31_500_000, 31_500_000, "nano_usd", "body")


@pytest.mark.parametrize(
    ("usage", "headers", "cost"),
    [
        ('{"usd_spent": 0.026, "credits_used": 52000}', {}, (26_000_000, 52000, "body")),
        ('{"usd_spent": 0.026, "credits_used": 52001}', {}, (26_000_000, 52001, "body")),
        ('{"usd_spent": 0.0378005}', {}, (37_800_500, 37_800_500, "body")),
        ('{"usd_spent": 0.026000000000000002}', {}, (26_000_000, 26_000_000, "body")),
        ('{"usd_spent": 2.6e-2}', {}, (26_000_000, 26_000_000, "body")),
        ('{"usd_spent": "0.026"}', {}, (26_000_000, 26_000_000, "body")),
        ('{"credits_used": 75601}', {}, (37_800_500, 75601, "body")),
        ('{"tokens_used": 25200}', {"credits": "1"}, (12_600_000, 25200, "body")),
        ('{"credits_used": null, "tokens_used": 25200}', {}, (12_600_000, 25200, "body")),
        ('{"usd_spent": 0, "credits_used": 0}', {}, (0, 0, "body")),
        ("null", {"usd": "0.026", "credits": "52000"}, (26_000_000, 52000, "header")),
        ("{}", {"credits": "52000"}, (26_000_000, 52000, "header")),
        ('{"usd_spent": -1}', {"usd": "0.026"}, (26_000_000, 26_000_000, "header")),
        ('{"usd_spent": true, "credits_used": "many"}', {}, None),
        ('{"usd_spent": NaN}', {}, None),
        ('{"usd_spent": 1e300}', {}, None),
        ('{"credits_used": 9223372036854775807}', {}, None),
        ("7", {"usd": "free", "credits": "-5"}, None),
    ],
)
def test_the_cost_is_whole_numbers_from_the_best_source(
    usage: str, headers: dict[str, str], cost: tuple[int, int, str] | None
) -> None:
    named = {"usd": "x-aimlapi-usd-spent", "credits": "x-aimlapi-credits-used"}
    picture = f'"data": [{{"url": "{CDN}/a.png"}}]'
    body = f'{{{picture}, "meta": {{"usage": {usage}}}}}'
    renamed = {named[name].replace("-", "_"): value for name, value in headers.items()}
    found = read_answer(raw(body, **renamed)).cost
    assert (found and (found.nano_usd, found.native_amount, found.source)) == cost


def test_no_stated_cost_is_not_a_cost_of_nothing() -> None:
    assert read_cost({}, {}) is None


USAGE = ["meta", "usage", "usd_spent", "credits_used", "tokens_used"]
PICTURE = ["url", "b64_json", "image_base64", "width", "height", "content_type"]
PLACES = ["images", "data", "output", "choices", "seed", "has_nsfw_concepts"]
names = st.sampled_from([*USAGE, *PICTURE, *PLACES])
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(f"{CDN}/a.png"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(), inner),
    max_leaves=25,
)


@given(json_values)
@example({"data": [{"url": "data:"}], "has_nsfw_concepts": {"0": True}})
def test_any_json_is_an_answer_or_unreadable(document: object) -> None:
    try:
        answer = read_answer(raw(json.dumps(document)))
    except UnreadableAnswer:
        return
    assert answer.outputs


@given(st.text())
def test_any_text_is_an_answer_or_unreadable(text: str) -> None:
    with pytest.raises(UnreadableAnswer):
        read_answer(raw(text))


@given(st.dictionaries(names, json_values), st.text())
def test_any_usage_is_a_whole_cost_or_none(usage: dict[str, object], header: str) -> None:
    document = json.loads(json.dumps({"meta": {"usage": usage}}), parse_float=str)
    cost = read_cost(document, {"x-aimlapi-usd-spent": header})
    assert cost is None or (type(cost.nano_usd) is int and cost.nano_usd >= 0)
