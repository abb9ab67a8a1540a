"""All pages' style sheets are loaded at once: a class that one of them defines for the whole page belongs to it alone."""
from __future__ import annotations

import re
from collections import defaultdict

from app.panels import STATIC

SCOPE = re.compile(r"(?:\.atlas-panel|:root\S*|body|html|\.gradio-container)\s+")        # these hold every page
NAME = re.compile(r"\.(-?[a-zA-Z][\w-]*)")


def selectors(text: str) -> list[str]:
    """Every selector of a style sheet by itself; lists within parentheses stay whole."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = (each.strip() for each in re.findall(r"([^{};]+)\{", text))
    return [one.strip() for each in found if not each.startswith("@") for one in re.split(r",(?![^(]*\))", each)]


def defined(text: str) -> set[str]:
    """Classes that rules give a look to wherever they stand: the first of a selector with nothing around and nothing beside it."""
    bare = (SCOPE.sub("", one) for one in selectors(text))
    return {names[0] for one in bare if not re.search(r"[\s>+~#]", one) and len(names := NAME.findall(one.split(":")[0])) == 1}


def test_selectors_are_read_as_they_are_written():
    sheet = "/* .no { } */ .a, .atlas-panel .b:hover { color: red; } .c .d { } .e.f { } @media (max-width: 1px) { #x .g { } .h { } }"
    assert defined(sheet) == {"a", "b", "h"}


def test_no_two_pages_define_one_class():
    owners = defaultdict(set)
    for sheet in STATIC.glob("*.css"):
        for name in defined(sheet.read_text()):
            owners[name].add(sheet.stem)
    clashes = {name: sorted(sheets) for name, sheets in owners.items() if len(sheets) > 1 and name != "atlas-panel"}
    assert not clashes, "begin the class's name with the page's"
