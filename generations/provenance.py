"""What a file says of how it was made: written in forms that other programs read, and read back.

The text is that of Stable Diffusion's web UI, the mark that of the IPTC for what a trained model
made. Beside them stands the recipe as generations/recipes.py writes it, in XMP and in PNG's text. A
file that carries a C2PA credential is not touched: any change would make it look forged.
"""

import html
import io
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import ExifTags, Image

from generations import containers, renditions
from generations.containers import Marks, exif
from generations.errors import UnusableImage

MADE_BY_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
# The same vocabulary's words for what is made by a model in part.
AI_SOURCES = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")
PROGRAM = "Darkroom"
# How EXIF says that a comment is UTF-16.
UNICODE = b"UNICODE\0"
LONG, UNDEFINED = 4, 7
# By the names that the web UI has for them.
STEPS, GUIDANCE = "num_inference_steps", "guidance_scale"
PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about=""'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    ' xmlns:darkroom="urn:darkroom:recipe:"'
    f' Iptc4xmpExt:DigitalSourceType="{MADE_BY_MODEL}" xmp:CreatorTool="{PROGRAM}">'
    "%s"
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)
# Not with a reader of XML: the file may be anybody's.
RECIPE = re.compile(rb"<darkroom:Recipe>([^<]*)</darkroom:Recipe>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How a picture was made."""

    prompt: str
    model: str
    params: Mapping[str, object]
    seed: int | None
    width: int
    height: int
    recipe: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a file says of itself. Anybody can write that, so it proves nothing."""

    is_marked: bool
    has_credential: bool
    text: str
    recipe: str = ""

    @property
    def any(self) -> bool:
        return self.is_marked or self.has_credential or bool(self.text)


def mark(data: bytes, content_type: str, origin: Origin) -> bytes:
    """The file with how it was made inside; untouched if it carries a credential."""
    if containers.has_credential(data, content_type):
        return data
    text = describe(origin)
    packet = _packet(origin.recipe)
    written = _exif(text, renditions.turn_of(data))
    marks = Marks(text=text, exif=written, xmp=packet, recipe=origin.recipe)
    return containers.marked(data, content_type, marks)


def describe(origin: Origin) -> str:
    """The prompt, and under it everything else on one line, as the web UI writes and reads it."""
    facts = {
        "Steps": origin.params.get(STEPS),
        "CFG scale": origin.params.get(GUIDANCE),
        "Seed": origin.seed,
        "Size": f"{origin.width}x{origin.height}",
        "Model": origin.model,
        "Version": PROGRAM,
    }
    told = [f"{name}: {_quoted(value)}" for name, value in facts.items() if value is not None]
    return f"{origin.prompt}\n{', '.join(told)}"


def read(data: bytes) -> Claims:
    """What the file says of itself, from its header alone. Raises UnusableImage."""
    content_type = renditions.inspect(data).content_type
    with Image.open(io.BytesIO(data)) as image:
        try:
            packet = image.info.get("xmp", b"")
            text = image.info.get("parameters") or _comment(image)
            recipe = image.info.get("darkroom", "")
        except (OSError, SyntaxError, ValueError) as error:
            raise UnusableImage("What the file says of itself cannot be read.") from error
    words = packet if isinstance(packet, bytes) else str(packet).encode()
    return Claims(
        is_marked=any(f"/{source}".encode() in words for source in AI_SOURCES),
        has_credential=containers.has_credential(data, content_type),
        text=str(text),
        recipe=str(recipe) or _recipe(words),
    )


def _exif(text: str, turn: int) -> bytes:
    """EXIF with the comment, and which way is up. Most significant byte first, as the web UI takes
    it."""
    comment = UNICODE + text.encode("utf-16-be")
    turned = exif.entry(turn)
    first = 8
    second = first + 18 + len(turned)
    end = second + 18
    header = struct.pack(">2sHIH", b"MM", 42, first, 2 if turned else 1)
    inside = struct.pack(">HHIII", ExifTags.IFD.Exif, LONG, 1, second, 0)
    entry = (1, ExifTags.Base.UserComment, UNDEFINED, len(comment), end, 0)
    return header + turned + inside + struct.pack(">HHHIII", *entry) + comment


def _packet(recipe: str) -> bytes:
    text = html.escape(recipe, quote=False)
    return (PACKET % (text and f"<darkroom:Recipe>{text}</darkroom:Recipe>")).encode()


def _recipe(packet: bytes) -> str:
    found = RECIPE.search(packet)
    return html.unescape(found[1].decode(errors="replace")) if found else ""


def _comment(image: Image.Image) -> str:
    comment = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment, b"")
    if not isinstance(comment, bytes) or not comment.startswith(UNICODE):
        return ""
    return comment.removeprefix(UNICODE).decode("utf-16-be", errors="replace")


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if set(text) & set(",:\n") else text
