"""XML from anybody: a document type is refused, and with it every entity that could expand or fetch something."""
from __future__ import annotations

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

DEEPEST = 50


class XmlError(ValueError):
    """What is wrong with a file, for a list of findings."""


def parse(data: bytes) -> Element:
    """The root of a small document. Raises XmlError for what is malformed, nested too deeply or declares a document type."""
    parser, builder, depth = expat.ParserCreate(), TreeBuilder(), 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise XmlError(f"elements are nested more than {DEEPEST} deep")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: object) -> None:
        raise XmlError("it declares a document type (DOCTYPE), which is not taken")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise error if isinstance(error, XmlError) else XmlError(f"it is not valid XML ({error})") from error
    return builder.close()
