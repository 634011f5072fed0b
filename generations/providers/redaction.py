"""Keeps a key and a prompt out of words that people and logs will see."""

import re

HIDDEN = "[hidden]"
LONGEST_LINE = 400
_OPENING = 12  # so much of a secret, quoted and cut short, still gives it away
_TELLING = 4  # a shorter prompt says nothing, and is a part of too many words
_DATA_URI = re.compile(r"data:[\w.+/-]+;base64,\S*")


class Redactor:
    """Knows the secrets of one call, and shows them not even in its own repr."""

    def __init__(self, *, key: str, prompt: str = "") -> None:
        self._key = re.compile(re.escape(key[:_OPENING]) + r"[^\s\"'<>\\]*")
        self._prompt = prompt

    def without_key(self, text: str) -> str:
        return self._key.sub(HIDDEN, text)

    def line(self, text: str) -> str:
        """One short printable line, fit for a message, a log and a database."""
        text = self._without_prompt(self.without_key(_DATA_URI.sub(HIDDEN, text)))
        printable = "".join(letter if letter.isprintable() else " " for letter in text)
        return " ".join(printable.split())[:LONGEST_LINE]

    def _without_prompt(self, text: str) -> str:
        """Where only the prompt's opening is quoted, nothing tells where the quotation ends."""
        if len(self._prompt) < _TELLING:
            return text
        text = text.replace(self._prompt, HIDDEN)
        opening = self._prompt[:_OPENING]
        if len(opening) == _OPENING and opening in text:
            text = text.partition(opening)[0] + HIDDEN
        return text
