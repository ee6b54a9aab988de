"""What a file says of a parameter that a function lacks: how others declare the name, and how the body uses it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from mim_lsp.parameters.declaration import Declaration
from mim_lsp.parameters.insertion import needs_default
from mim_lsp.parameters.source import Source
from mim_lsp.syntax.signatures import Signature

_OR_NONE = re.compile(r"(?:Optional\[(?P<inner>.*)\]|(?P<first>.*?)\s*\|\s*None)\Z")


def declared_elsewhere(source: Source, signature: Signature, name: str, *, annotated: bool) -> Declaration | None:
    """How most of the file's other functions that have a parameter of that name declare it; None if none has.

    Only those count that say something: an annotation, or, unless it has to be `annotated`, a default.
    """
    found = Counter(
        Declaration(name, each.annotation, each.default)
        for other in source.signatures
        for each in other.parameters
        if each.name == name and each.kind == "plain" and other.start != signature.start
        if each.annotation is not None or (each.default is not None and not annotated)
    )
    return max(found, key=lambda each: found[each]) if found else None


def with_fitting_none(source: Source, signature: Signature, written: Declaration) -> Declaration:
    """What the model wrote, with `None` for its default where the body asks for that, and without where it does not.

    Models write `None` more often than people do. Other defaults stay, and so does one that there has to be.
    """
    must = needs_default(signature)
    if _asks_for_none(source, signature, written.name):
        return replace(written, default="None") if written.default is not None or must else written
    if written.default != "None" or must:
        return written
    optional = _OR_NONE.match(written.annotation or "")
    annotation = (optional["inner"] or optional["first"]) if optional else written.annotation
    return replace(written, annotation=annotation, default=None)


def _asks_for_none(source: Source, signature: Signature, name: str) -> bool:
    asked = rf"(?<![\w.]){re.escape(name)}\s+is\s+(?:not\s+)?None\b"
    return re.compile(asked).search(source.text, signature.body, signature.end) is not None
