"""What other programs write of how a picture was made, as far as a recipe has a place for it.

The text is that of Stable Diffusion's web UI, which many write: the prompt, what is unwanted, and
one last line of "Name: value" with commas between.
"""

import json
import re
from dataclasses import dataclass

from generations import catalog
from generations.parameters import BIGGEST, Json
from generations.provenance import GUIDANCE, STEPS
from generations.recipes import MOST_BYTES, Recipe

FACT = re.compile(r'([A-Za-z][\w \-/]{0,60}): ?("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')
UNWANTED = "\nNegative prompt:"
NUMBER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,6})?", re.ASCII)
WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)
SIZE = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", re.ASCII)
# Said by the picture itself, or of no use to a model.
NEVER_MISSED = {"Version", "Model hash"}
LEAST_FACTS = 3  # as the web UI has it; with fewer a last line is a part of the prompt


@dataclass(frozen=True, slots=True)
class Foreign:
    """The recipe, whose model is empty where it is none of ours; and what it has no place for."""

    recipe: Recipe
    left_out: list[str]


def read(text: str) -> Foreign | None:
    """The recipe in a text of that form, or None."""
    lines = text.strip()[:MOST_BYTES].splitlines()
    facts = dict(_facts(lines[-1])) if lines else {}
    if len(facts) < LEAST_FACTS:
        return None
    prompt, _, unwanted = "\n".join(["", *lines[:-1]]).partition(UNWANTED)
    left_out = ["negative prompt"] if unwanted.strip() else []
    model = _model(facts.pop("Model", ""), left_out)
    recipe = Recipe(
        model=model,
        provider=catalog.MODELS[model].provider if model else "",
        prompt=prompt.strip(),
        params=_params(facts),
        seed=_seed(facts),
        size=_size(facts),
    )
    left_out += [name.lower() for name in facts if name not in NEVER_MISSED]
    return Foreign(recipe, left_out)


def _facts(line: str) -> list[tuple[str, str]]:
    found = []
    for name, value in FACT.findall(line):
        found.append((name.strip(), _unquoted(value.strip())))
    return found


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value.strip('"')


def _model(name: str, left_out: list[str]) -> str:
    """The id of ours that this is the name of: web UIs write the name of a file."""
    wanted = _bare(name)
    for model in catalog.MODELS.values():
        if wanted and wanted in {_bare(one) for one in (model.id, model.name, *model.aliases)}:
            return model.id
    if wanted:
        left_out.append(f"model “{name[:60]}”")
    return ""


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _params(facts: dict[str, str]) -> dict[str, Json]:
    params: dict[str, Json] = {}
    if NUMBER.fullmatch(facts.get("Steps", "")):
        params[STEPS] = facts.pop("Steps")
    # Of FLUX, web UIs have the guidance under a name of its own; the other one is then 1.
    for name in ("Distilled CFG Scale", "CFG scale"):
        if GUIDANCE not in params and NUMBER.fullmatch(facts.get(name, "")):
            params[GUIDANCE] = facts.pop(name)
    return params


def _seed(facts: dict[str, str]) -> int | None:
    if not WHOLE.fullmatch(facts.get("Seed", "")) or int(facts["Seed"]) > BIGGEST:
        return None
    return int(facts.pop("Seed"))


def _size(facts: dict[str, str]) -> tuple[int, int] | None:
    found = SIZE.fullmatch(facts.get("Size", ""))
    if not found:
        return None
    del facts["Size"]
    return int(found[1]), int(found[2])
