import pytest

from generations import side_by_side
from generations.models import Image
from generations.views import places
from tests import factories
from tests.generations.views.studio import Studio, open_studio

pytestmark = pytest.mark.django_db


@pytest.fixture
def studio() -> Studio:
    return open_studio()


def image(studio: Studio, *, size: tuple[int, int] = (64, 48), **request: object) -> Image:
    asked = factories.request(of=studio.team, by=studio.author, **request)  # type: ignore[arg-type]  # as its names say
    made = factories.succeeded(asked, pictures=[factories.picture(size)]).images.get()
    return places.marked(Image.objects.select_related("request"), studio.author).get(pk=made.pk)


def test_values_that_differ_from_the_first_say_so(studio: Studio) -> None:
    images = [
        image(studio),
        image(studio, params={"guidance_scale": 5}),
        image(studio, model="flux/schnell"),
    ]

    shown = side_by_side.present(images)

    lines = {line.label: [value.differs for value in line.values] for line in shown.lines}
    assert lines["Model"] == [False, False, True]
    assert lines["Guidance"] == [False, True, True]
    assert lines["Prompt"] == [False, False, False]
    assert shown.differing == sum(any(values) for values in lines.values())


def test_two_of_one_shape_slide_unless_asked_not_to(studio: Studio) -> None:
    pair = [image(studio), image(studio, params={"seed": 8})]

    assert side_by_side.present(pair).slides
    assert not side_by_side.present(pair, slider=False).slides
    assert side_by_side.present(pair, slider=False).can_slide


@pytest.mark.parametrize("sizes", [[(64, 48), (48, 64)], [(64, 48), (64, 49)], [(64, 48)] * 3])
def test_others_lie_side_by_side(studio: Studio, sizes: list[tuple[int, int]]) -> None:
    shown = side_by_side.present([image(studio, size=size) for size in sizes])

    assert not shown.slides
    assert [side.letter for side in shown.sides] == ["A", "B", "C"][: len(sizes)]
