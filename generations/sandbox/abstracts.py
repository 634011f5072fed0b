"""Pictures without a horizon: each function paints one family in the size asked for."""

import math
from random import Random

from PIL import Image, ImageChops

from generations.sandbox.painting import (
    Point,
    Size,
    blurred,
    combine,
    dimmed,
    disc,
    glow,
    gradient,
    halo,
    lay,
    noise,
    normalised,
    shape,
    slope,
    tint,
    warped,
)
from generations.sandbox.palettes import Colour, Palette, mix, mix_ramp


def ink(rng: Random, size: Size, palette: Palette) -> Image.Image:
    """Ink floated on water and combed into marble."""
    small = (size[0] // 2, size[1] // 2)
    stripes = normalised(slope(small, left=0, right=rng.uniform(-0.6, 0.6), top=0, bottom=1))
    field = normalised(combine(stripes, noise(rng, small, cells=2, octaves=5), 1.3))
    field = warped(rng, field, reach=(0.5, 0.5), cells=3)
    field = warped(rng, field, reach=(0.22, 0.22), cells=6)
    up, edge = palette.span(0.0, 0.55, 4), palette.span(0.95, 0.6, 3)
    veins = [*up, *edge, palette.accent, *palette.span(0.7, 0.0, 4)] * rng.randint(2, 3)
    return tint(normalised(field), veins).resize(size, Image.Resampling.BICUBIC)


def strata(rng: Random, size: Size, palette: Palette) -> Image.Image:
    """Layers of rock, each lit along its upper edge."""
    fall = normalised(slope(size, left=0, right=rng.uniform(-0.3, 0.3), top=0, bottom=1))
    folds = noise(rng, size, cells=1.6, octaves=4, gain=0.33)
    field = normalised(combine(fall, folds, rng.uniform(0.35, 0.55)))
    layers: list[Colour] = []
    tone = rng.uniform(0.6, 0.9)
    for _ in range(rng.randint(8, 12)):
        tone = (tone + rng.choice((-1, 1)) * rng.uniform(0.18, 0.4)) % 1.0
        lit = palette.at(tone + 0.16)
        layers += [mix(lit, (255, 255, 255), 0.25), *palette.span(tone + 0.1, tone - 0.2, 25)]
    return tint(field, layers)


def spheres(rng: Random, size: Size, palette: Palette) -> Image.Image:
    """Balls of every size in soft light from one side."""
    width, height = size
    unit = min(size)
    picture = gradient(size, palette.span(rng.uniform(0.5, 0.7), rng.uniform(0.85, 1.0)))
    glow(picture, (width * 0.2, height * 0.1), unit * 1.3, palette.accent, 0.5)
    places = _places(rng, size)
    for centre, radius in places:
        side = round(radius * 3.4)
        corner = (round(centre[0] - radius * 1.35), round(centre[1] - radius * 1.1))
        shade = halo(side, strength=0.75, fall=1.1)
        picture.paste(palette.at(0.0), (*corner, corner[0] + side, corner[1] + side), shade)
    for index, (centre, radius) in enumerate(places):
        colours = _ball_colours(rng, palette, accent=index % 5 == 0)
        ball, edge = _ball(round(radius * 2), colours)
        picture.paste(ball, (round(centre[0] - radius), round(centre[1] - radius)), edge)
    return picture


def _places(rng: Random, size: Size) -> list[tuple[Point, float]]:
    """Where balls lie without touching, and their radii, the smallest first."""
    width, height = size
    placed: list[tuple[Point, float]] = []
    for attempt in range(44):
        radius = min(size) * rng.uniform(0.14, 0.3) / (1 + attempt / 12)
        centre = (rng.uniform(0, 1) * width, rng.uniform(0, 1) * height)
        if all(math.dist(centre, other) > (radius + reach) * 1.04 for other, reach in placed):
            placed.append((centre, radius))
    return sorted(placed, key=lambda place: place[1])


def _ball_colours(rng: Random, palette: Palette, *, accent: bool) -> list[Colour]:
    """From the lit spot to the far rim, which catches a little light again."""
    tone = rng.uniform(0.2, 0.75)
    rim = palette.at(max(0.08, tone - 0.25))
    if accent:
        return [
            (255, 255, 255),
            palette.accent,
            mix(palette.accent, rim, 0.25),
            mix(palette.accent, rim, 0.75),
            rim,
            rim,
        ]
    lit = palette.at(min(1.0, tone + 0.3))
    return [
        mix(lit, (255, 255, 255), 0.45),
        lit,
        *palette.span(tone + 0.12, max(0.0, tone - 0.3), 4),
        rim,
    ]


def _ball(side: int, colours: list[Colour]) -> tuple[Image.Image, Image.Image]:
    """A lit ball and the mask that cuts it out."""
    table = [mix_ramp(colours, level / 170) for level in range(256)]
    light = Image.radial_gradient("L").crop((66, 66, 256, 256)).resize((side, side))
    ball = Image.merge(
        "RGB", [light.point([colour[band] for colour in table]) for band in range(3)]
    )
    return ball, disc((side, side), (side / 2, side / 2), side / 2 - 0.5)


def paper(rng: Random, size: Size, palette: Palette) -> Image.Image:
    """Sheets of paper, cut in waves and laid over each other."""
    width, height = size
    picture = gradient(size, palette.span(0.8, 0.98))
    centre = (rng.uniform(0.25, 0.75) * width, rng.uniform(0.16, 0.26) * height)
    sun = disc(size, centre, min(size) * rng.uniform(0.09, 0.14))
    lay(picture, palette.at(0.0), dimmed(blurred(sun, height * 0.018), 0.35))
    lay(picture, palette.accent, sun)
    sheets = rng.randint(6, 8)
    phase = rng.uniform(0, 9)
    for sheet in range(sheets):
        depth = sheet / (sheets - 1)
        base = height * (0.34 + 0.58 * depth)
        bend = rng.uniform(0.05, 0.12) * height
        phase += rng.uniform(0.6, 1.6)
        waves = rng.uniform(0.8, 1.5)
        line = [(x, base + bend * _wave(x / width * waves, phase)) for x in range(0, width + 8, 8)]
        sheet_mask = shape(size, [(0, height), *line, (width, height)])
        shadow = ImageChops.offset(sheet_mask, 0, -round(height * 0.012))
        lay(picture, palette.at(0.0), dimmed(blurred(shadow, height * 0.018), 0.4))
        tone = 0.74 * (1 - depth) + 0.05
        lay(picture, gradient(size, palette.span(min(1.0, tone + 0.06), tone)), sheet_mask)
    return picture


def _wave(x: float, phase: float) -> float:
    return math.sin(x * 5 + phase) + 0.35 * math.sin(x * 11 + phase * 2)
