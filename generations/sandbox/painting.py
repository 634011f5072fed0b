"""Brushes for the pictures: fields of smooth noise, gradients, masks, shadows, grain.

A field is an image of floats from 0 to 1; it becomes a picture when it is tinted.
"""

import array
import itertools
from collections.abc import Sequence
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageMath

from generations.sandbox.palettes import Colour, mix_ramp

Size = tuple[int, int]
Point = tuple[float, float]
LEVELS = 1024
DEPTH = 65536
OVERSAMPLING = 2


def noise(
    rng: Random, size: Size, *, cells: float, octaves: int = 4, gain: float = 0.5
) -> Image.Image:
    """Clouds: `cells` is how many fit along the longer side."""
    total = Image.new("F", size)
    for octave in range(octaves):
        columns, rows = (max(2, round(cells * 2**octave * side / max(size))) for side in size)
        layer = Image.frombytes("L", (columns, rows), rng.randbytes(columns * rows)).convert("F")
        total = combine(total, layer.resize(size, Image.Resampling.BICUBIC), gain**octave)
    return normalised(total)


def combine(first: Image.Image, second: Image.Image, weight: float) -> Image.Image:
    """The first field plus the second in the given weight."""
    field: Image.Image = ImageMath.lambda_eval(
        lambda fields: fields["first"] + fields["second"] * weight, first=first, second=second
    )
    return field


def normalised(field: Image.Image) -> Image.Image:
    low, high = (float(str(value)) for value in field.getextrema())
    scale = 1 / max(high - low, 1e-6)
    return field.point(lambda value: value * scale - low * scale)


def slope(size: Size, *, left: float, right: float, top: float, bottom: float) -> Image.Image:
    """A plane through the four edges' values: `left` and `top` meet in one corner."""
    corners = array.array("f", [left + top, right + top, left + bottom, right + bottom])
    plane = Image.frombytes("F", (2, 2), corners.tobytes())
    return plane.resize(size, Image.Resampling.BILINEAR, box=(0.5, 0.5, 1.5, 1.5))


def tint(field: Image.Image, ramp: Sequence[Colour]) -> Image.Image:
    """The field in the ramp's colours. Its floats go through 16 bits, so nothing shows steps."""
    colours = [mix_ramp(ramp, level / LEVELS) for level in range(LEVELS)]
    deep = field.point(lambda value: value * (DEPTH - 1) + 0.5).convert("I")
    bands = []
    for band in range(3):
        table: list[int] = []
        for colour in colours:
            table += [colour[band]] * (DEPTH // LEVELS)
        bands.append(deep.point(table, "L"))
    return Image.merge("RGB", bands)


def gradient(size: Size, ramp: Sequence[Colour]) -> Image.Image:
    """The ramp from top to bottom."""
    column = Image.new("RGB", (1, size[1]))
    column.putdata([mix_ramp(ramp, row / size[1]) for row in range(size[1])])
    return column.resize(size, Image.Resampling.NEAREST)


def mask(size: Size) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty mask to draw on, larger than the picture; `smooth` makes its edges soft."""
    canvas = Image.new("L", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING))
    return canvas, ImageDraw.Draw(canvas)


def smooth(canvas: Image.Image) -> Image.Image:
    return canvas.reduce(OVERSAMPLING)


def shape(size: Size, points: Sequence[Point]) -> Image.Image:
    """The mask of one polygon, its points given in the picture's pixels."""
    canvas, pen = mask(size)
    pen.polygon([(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in points], fill=255)
    return smooth(canvas)


def blurred(image: Image.Image, radius: float) -> Image.Image:
    """A wide blur at the price of a narrow one: done on a reduced copy."""
    factor = max(1, int(radius / 3))
    small = image.reduce(factor).filter(ImageFilter.GaussianBlur(radius / factor))
    return small.resize(image.size, Image.Resampling.BICUBIC)


def dimmed(image: Image.Image, share: float) -> Image.Image:
    """A mask at `share` of its strength."""
    return image.point(lambda value: value * share)


def lay(picture: Image.Image, colour: Colour | Image.Image, where: Image.Image) -> None:
    """Paint a colour, or another picture, onto the picture where the mask is white."""
    picture.paste(colour, (0, 0, *picture.size), where)


def disc(size: Size, centre: Point, radius: float) -> Image.Image:
    canvas, pen = mask(size)
    x, y, reach = (value * OVERSAMPLING for value in (*centre, radius))
    pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)
    return smooth(canvas)


def glow(
    picture: Image.Image, centre: Point, radius: float, colour: Colour, strength: float
) -> None:
    """Light around a point."""
    small = (picture.width // 4, picture.height // 4)
    side = max(2, round(radius / 2))
    light = Image.new("L", small)
    corner = (round((centre[0] - radius) / 4), round((centre[1] - radius) / 4))
    light.paste(halo(side, strength=strength), corner)
    lay(picture, colour, light.resize(picture.size, Image.Resampling.BICUBIC))


def halo(side: int, *, strength: float, fall: float = 2.0) -> Image.Image:
    """A round mask, full in the middle, fading to nothing at the rim."""
    rim = 180  # the built-in gradient's value where its circle touches the square
    table = [round(255 * strength * max(0, 1 - level / rim) ** fall) for level in range(256)]
    return Image.radial_gradient("L").point(table).resize((side, side))


def ridge(rng: Random, *, roughness: float, steps: int = 9) -> list[float]:
    """Heights of a fractal skyline, about -1 to 1, by midpoint displacement."""
    heights = [rng.uniform(-1, 1), rng.uniform(-1, 1)]
    swing = 1.0
    for _ in range(steps):
        finer: list[float] = []
        for left, right in itertools.pairwise(heights):
            finer += [left, (left + right) / 2 + rng.uniform(-swing, swing) * 0.5]
        heights = [*finer, heights[-1]]
        swing *= roughness
    return heights


def grained(rng: Random, picture: Image.Image, amount: int) -> Image.Image:
    """Film grain: hides the steps of soft gradients."""
    width, height = picture.size
    table = [128 + round((level - 127.5) / 127.5 * amount) for level in range(256)]
    speckle = Image.frombytes("L", picture.size, rng.randbytes(width * height)).point(table)
    return ImageChops.add(picture, Image.merge("RGB", (speckle,) * 3), 1, -128)


def warped(rng: Random, image: Image.Image, *, reach: Point, cells: float) -> Image.Image:
    """The image pulled about smoothly, by up to `reach` of its width and height."""
    width, height = image.size
    longer = max(image.size)
    columns, rows = (max(4, round(24 * side / longer)) for side in image.size)
    grid = (columns + 1, rows + 1)
    across, down = (
        array.array("f", noise(rng, grid, cells=cells, octaves=2).tobytes()) for _ in range(2)
    )

    def source(column: int, row: int) -> Point:
        index = row * grid[0] + column
        x = (1 - reach[0]) * column / columns + reach[0] * across[index]
        y = (1 - reach[1]) * row / rows + reach[1] * down[index]
        return x * width, y * height

    tiles = []
    for row in range(rows):
        for column in range(columns):
            box = (
                column * width // columns,
                row * height // rows,
                (column + 1) * width // columns,
                (row + 1) * height // rows,
            )
            corners = (
                *source(column, row),
                *source(column, row + 1),
                *source(column + 1, row + 1),
                *source(column + 1, row),
            )
            tiles.append((box, corners))
    return image.transform(image.size, Image.Transform.MESH, tiles, Image.Resampling.BILINEAR)
