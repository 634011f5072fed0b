"""Prompts to measure a search with: some words nearly everywhere, some hardly anywhere."""

import random

SUBJECTS = (
    "a lighthouse", "an old fisherman", "two foxes", "a paper crane", "a glass teapot", "a ferry",
    "a mountain hut", "a botanist", "a red bicycle", "a sleeping cat", "a wooden robot", "a baker",
    "an abandoned greenhouse", "a violin maker", "a field of poppies", "a stone bridge",
)  # fmt: skip
PLACES = (
    "in a quiet harbour", "on a copper meadow", "under northern lights", "in a narrow alley",
    "at the edge of a forest", "in an empty museum", "above the clouds", "beside a frozen lake",
    "in a kitchen", "on a rooftop", "in a desert canyon", "at a railway station",
)  # fmt: skip
LIGHTS = (
    "soft morning light", "low golden light", "blue hour", "overcast sky", "neon reflections",
    "candle light", "hard noon sun", "moonlit mist",
)  # fmt: skip
STYLES = (
    "35mm photograph", "oil painting", "risograph print", "isometric illustration", "watercolour",
    "long exposure", "editorial portrait", "matte painting", "linocut", "studio product shot",
)  # fmt: skip
DETAILS = (
    "wet stones", "fine grain", "muted palette", "shallow depth of field", "dust in the air",
    "intricate patterns", "rich shadows", "wide angle", "torn edges", "hand-drawn lines",
    "high detail", "warm tones", "gentle haze", "centred composition", "negative space",
)  # fmt: skip
RARE = (
    "zeppelin", "orrery", "basilisk", "gramophone", "sextant", "palanquin", "astrolabe", "narwhal",
    "theremin", "dodo", "quetzal", "hourglass", "mandolin", "pangolin", "trebuchet", "samovar",
    "phonograph", "axolotl", "caravel", "obelisk", "pagoda", "kimono", "yurt", "zither", "abacus",
    "bathysphere", "cormorant", "dirigible", "ermine", "falconer", "gondola", "heron", "ibis",
    "jaguar", "kestrel", "lynx", "marmot", "nautilus", "ocelot", "peregrine",
)  # fmt: skip
WITH_A_RARE_ONE = 0.005  # Each of them is in one prompt of eight thousand.


def prompt(dice: random.Random) -> str:
    details = ", ".join(dice.sample(DETAILS, dice.randint(1, 4)))
    found = [dice.choice(SUBJECTS), dice.choice(PLACES)]
    if dice.random() < WITH_A_RARE_ONE:
        found.append(f"with a {dice.choice(RARE)}")
    scene = " ".join(found).capitalize()
    return f"{scene}, {dice.choice(LIGHTS)}, {dice.choice(STYLES)}, {details}"
