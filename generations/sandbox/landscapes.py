"""Pictures with a horizon: each function paints one family in the size asked for."""

import math
from random import Random

from PIL import Image, ImageChops

from generations.sandbox.painting import (
    Size,
    combine,
    dimmed,
    disc,
    glow,
    gradient,
    lay,
    mask,
    noise,
    normalised,
    ridge,
    shape,
    smooth,
)
from generations.sandbox.palettes import Palette


def mountains(rng: Random, size: Size, palette: Palette) -> Image.Image:
    """Ridges in morning mist, each nearer one darker, under a low sun."""
    width, height = size
    unit = min(size)
    sun = (rng.uniform(0.22, 0.78) * width, rng.uniform(0.26, 0.42) * height)
    picture = gradient(size, palette.span(rng.uniform(0.4, 0.6), 1.0))
    glow(picture, sun, unit * 1.1, palette.accent, 0.7)
    lay(picture, palette.accent, disc(size, sun, unit * rng.uniform(0.055, 0.085)))
    layers = rng.randint(5, 7)
    for layer in range(layers):
        depth = layer / (layers - 1)
        base = height * (0.46 + 0.46 * depth**1.15)
        tone = 0.74 * (1 - depth) ** 1.1
        mist = min(1.0, tone + 0.3 * (1 - depth) + 0.04)
        hill = skyline(rng, size, base=base, lift=unit * (0.18 - 0.06 * depth), roughness=0.51)
        lay(picture, gradient(size, palette.span(tone, mist)), hill)
        if layer == 1:
            glow(picture, sun, unit * 0.9, palette.accent, 0.35)
    return picture


def skyline(rng: Random, size: Size, *, base: float, lift: float, roughness: float) -> Image.Image:
    width, height = size
    heights = ridge(rng, roughness=roughness)
    step = width / (len(heights) - 1)
    line = [(x * step, base - lift * value) for x, value in enumerate(heights)]
    return shape(size, [(0, height), *line, (width, height)])


def meadow(rng: Random, size: Size, palette: Palette) -> Image.Image:
    """Tall grass against the light."""
    width, height = size
    unit = min(size)
    sun = (rng.uniform(0.3, 0.7) * width, rng.uniform(0.36, 0.5) * height)
    picture = gradient(size, palette.span(rng.uniform(0.15, 0.35), rng.uniform(0.85, 1.0)))
    glow(picture, sun, unit * 1.2, palette.accent, 0.75)
    lay(picture, palette.accent, disc(size, sun, unit * rng.uniform(0.08, 0.12)))
    rows = 5
    for row in range(rows):
        depth = row / (rows - 1)
        tone = 0.6 * (1 - depth) ** 1.2 + 0.02
        grass = _grass(
            rng,
            size,
            ground=height * (0.62 + 0.4 * depth),
            tall=unit * (0.1 + 0.24 * depth),
            depth=depth,
        )
        lay(picture, gradient(size, palette.span(min(1.0, tone + 0.2), tone)), grass)
    return picture


def _grass(rng: Random, size: Size, *, ground: float, tall: float, depth: float) -> Image.Image:
    width, height = size
    canvas, pen = mask(size)
    wind = rng.uniform(-0.5, 0.5)
    swell = rng.uniform(0, math.tau)
    turf = [(x * width / 160, ground - tall * rng.uniform(0, 0.3)) for x in range(161)]
    pen.polygon([(x * 2, y * 2) for x, y in [(0, height), *turf, (width, height)]], fill=255)
    for _ in range(round(width / tall * (50 - 22 * depth))):
        x = rng.uniform(-0.05, 1.05) * width
        length = tall * rng.uniform(0.35, 1.0) * (0.75 + 0.25 * math.sin(x / width * 9 + swell))
        lean = length * (wind + rng.uniform(-0.35, 0.35))
        half = max(0.6, tall * 0.014) * (1 + depth)
        blade = [
            (x - half, ground),
            (x + lean * 0.3 - half * 0.7, ground - length * 0.6),
            (x + lean, ground - length),
            (x + lean * 0.3 + half * 0.7, ground - length * 0.6),
            (x + half, ground),
        ]
        pen.polygon([(a * 2, b * 2) for a, b in blade], fill=255)
    return smooth(canvas)


def aurora(rng: Random, size: Size, palette: Palette) -> Image.Image:
    """Curtains of light over a dark skyline."""
    height = size[1]
    picture = gradient(size, palette.span(0.0, 0.26))
    _add_stars(rng, picture)
    for _ in range(rng.randint(2, 3)):
        picture = ImageChops.screen(picture, _curtain(rng, size, palette))
    for layer in range(3):
        hill = skyline(
            rng, size, base=height * (0.82 + 0.07 * layer), lift=height * 0.07, roughness=0.52
        )
        lay(picture, palette.at(0.14 - 0.07 * layer), hill)
    return picture


def _add_stars(rng: Random, picture: Image.Image) -> None:
    canvas, pen = mask(picture.size)
    for _ in range(round(picture.width * picture.height / 2600)):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height)
        radius = 0.5 + 1.9 * rng.random() ** 6
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=rng.randint(70, 255))
    lay(picture, (255, 255, 255), smooth(canvas))


def _curtain(rng: Random, size: Size, palette: Palette) -> Image.Image:
    """One veil: bright along its lower hem, fading upwards in streaks, the whole bent in waves."""
    width, height = size[0] // 2, size[1] // 2
    hem = rng.uniform(0.52, 0.7)
    fade = [
        max(0.0, y / height / hem) ** 4
        if y / height <= hem
        else max(0.0, 1 - (y / height - hem) / 0.04)
        for y in range(height)
    ]
    veil = Image.new("L", (1, height))
    veil.putdata([round(255 * value) for value in fade])
    light = ImageChops.multiply(veil.resize((width, height)), _streaks(rng, (width, height)))
    colours = gradient((width, height), [*palette.span(0.4, 0.75, 3), *palette.span(0.8, 0.95, 3)])
    curtain = ImageChops.multiply(colours, Image.merge("RGB", (light, light, light)))
    return _waved(rng, curtain).resize(size, Image.Resampling.BICUBIC)


def _waved(rng: Random, curtain: Image.Image) -> Image.Image:
    """The hem in long folds: every column moved up or down."""
    width, height = curtain.size
    first, second, third = (rng.uniform(0, math.tau) for _ in range(3))
    waved = Image.new("RGB", curtain.size)
    for x in range(width):
        turn = x / width * math.tau
        fold = (
            math.sin(turn * 0.8 + first)
            + 0.45 * math.sin(turn * 2.1 + second)
            + 0.2 * math.sin(turn * 4.7 + third)
        )
        waved.paste(curtain.crop((x, 0, x + 1, height)), (x, round(fold * height * 0.11)))
    return waved


def _streaks(rng: Random, size: Size) -> Image.Image:
    """Upright stripes of light, in a few places only."""
    fine = noise(rng, (size[0], 2), cells=50, octaves=4, gain=0.7)
    patches = noise(rng, (size[0], 2), cells=3, octaves=2)
    both = combine(fine, patches, 2.0).resize((size[0], 1))
    return normalised(both).point(lambda value: value * 430 - 140).convert("L").resize(size)


def sea(rng: Random, size: Size, palette: Palette) -> Image.Image:
    """The sun over still water, its light broken by ripples."""
    width, height = size
    unit = min(size)
    horizon = round(height * rng.uniform(0.5, 0.6))
    sun = (rng.uniform(0.3, 0.7) * width, horizon - unit * rng.uniform(-0.02, 0.16))
    picture = gradient(
        (width, horizon), palette.span(rng.uniform(0.1, 0.3), rng.uniform(0.8, 0.95))
    )
    glow(picture, sun, unit * 1.1, palette.accent, 0.8)
    _add_clouds(rng, picture, palette)
    lay(picture, palette.accent, disc(picture.size, sun, unit * rng.uniform(0.1, 0.14)))
    water = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    water = _rippled(rng, water, (width, height - horizon))
    water = Image.blend(water, gradient(water.size, palette.span(0.55, 0.0)), 0.42)
    whole = Image.new("RGB", size)
    whole.paste(picture)
    whole.paste(water, (0, horizon))
    return whole


def _add_clouds(rng: Random, picture: Image.Image, palette: Palette) -> None:
    width, height = picture.size
    wisps = noise(rng, (width // 16, height), cells=26, octaves=3)
    veil = (
        wisps.point(lambda value: value * 620 - 340)
        .convert("L")
        .resize(picture.size, Image.Resampling.BICUBIC)
    )
    lay(picture, palette.at(0.9), dimmed(veil, 0.45))


def _rippled(rng: Random, mirror: Image.Image, size: Size) -> Image.Image:
    """Rows taken from near where they belong, the nearer the more astray: broken reflections."""
    width, height = size
    water = Image.new("RGB", size)
    margin = round(width * 0.02)
    mirror = mirror.resize((width + 2 * margin, mirror.height))
    y, phase = 0, rng.uniform(0, 9)
    while y < height:
        near = y / height
        band = max(1, round(1 + near * 5))
        phase += rng.uniform(0.5, 1.3)
        shift = round(math.sin(phase) * width * (0.003 + 0.016 * near))
        astray = y * 0.7 + rng.gauss(0, 0.055) * height * (0.3 + near)
        row = round(min(max(astray, 0), mirror.height - band))
        water.paste(mirror.crop((margin + shift, row, margin + shift + width, row + band)), (0, y))
        y += band
    return water
