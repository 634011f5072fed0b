from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marks:
    """What a file says of itself: how it was made, as text, as EXIF and as a recipe, and an XMP
    packet."""

    text: str
    exif: bytes
    xmp: bytes
    recipe: str = ""
