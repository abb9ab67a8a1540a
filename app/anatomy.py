"""What a detector is made of, and how two of them differ: the recipes' parts by the place where they work, with their code.

detr_core is imported where it is needed: the page is there before any large library is.
"""
from __future__ import annotations

import functools
import inspect
from typing import Any

from .libraries import libraries
from .runs import AtlasError

# the way of a picture through the detector; every slot of a recipe stands in one of these places
STAGES = {
    "pixels": ("preprocess", "backbone", "neck", "token_code"),
    "encoder": ("encoder", "encoder_layer", "token_attention"),
    "queries": ("query_init", "position", "geometry"),
    "decoder": ("decoder", "decoder_layer", "self_attention", "cross_attention", "feed_forward", "activation"),
    "boxes": ("refinement", "class_head", "box_head", "final_norm", "shared_heads", "postprocess"),
    "training": ("objective", "schemes"),
}


@functools.lru_cache(maxsize=256)
def difference(variant: str, other: str) -> dict[str, Any]:
    """Every slot of both recipes as published: `stages` [{id, slots: [{slot, parts: [theirs, mine], changed}]}], changed `sizes`
    [{name, values}], and `code` {key: {name, file, line, text}} of the parts that differ.

    A part is {name, options, summary, key}; a slot may hold several. Raises AtlasError for a variant that is not built.
    """
    recipes = [_recipe(variant), _recipe(other)]
    changed = recipes[1].difference(recipes[0])
    code: dict[str, dict[str, Any]] = {}
    stages = []
    for stage, slots in STAGES.items():
        rows = []
        for slot in slots:
            values = [getattr(recipe, slot) for recipe in recipes]
            parts = [[_part(each) for each in (value if isinstance(value, tuple) else (value,))] for value in values]
            if slot in changed:
                code |= {key: found for value in values for key, found in _code(value).items()}
            rows.append({"slot": slot, "parts": parts, "changed": slot in changed})
        stages.append({"id": stage, "slots": rows})
    sizes = [{"name": name, "values": list(changed[name])} for name in recipes[0].sizes() if name in changed]
    return {"variants": [variant, other], "stages": stages, "sizes": sizes, "code": code}


def changes(variant: str, parent: str) -> list[dict[str, Any]]:
    """The slots and sizes in which a variant departs from its parent, in short: [{stage, name, theirs, mine}]."""
    found = difference(parent, variant)
    rows = [{"stage": stage["id"], "name": row["slot"], "theirs": _said(row["parts"][0]), "mine": _said(row["parts"][1])}
            for stage in found["stages"] for row in stage["slots"] if row["changed"]]
    return rows + [{"stage": "sizes", "name": size["name"], "theirs": [str(size["values"][0])], "mine": [str(size["values"][1])]}
                   for size in found["sizes"]]


def _recipe(variant: str) -> Any:
    libraries()
    import detr_core

    if variant not in detr_core.VARIANTS:
        raise AtlasError(f"There is no detector named {variant!r}: choose one of {', '.join(detr_core.VARIANTS)}.")
    return detr_core.VARIANTS[variant].recipe


def _part(value: Any) -> dict[str, Any]:
    """A part's name, options and idea; a plain value is a part of its own."""
    if not hasattr(value, "make"):
        return {"name": str(value), "options": "", "summary": "", "key": None}
    options = ", ".join(f"{name}={value!r}" for name, value in value.options)
    return {"name": value.make.__name__, "options": options, "summary": _summary(value.make), "key": _key(value.make)}


def _said(parts: list[dict[str, Any]]) -> list[str]:
    return [f"{part['name']}({part['options']})" if part["options"] else part["name"] for part in parts]


def _own(make: Any) -> bool:
    """Whether the part is the project's, not PyTorch's."""
    return make.__module__.partition(".")[0] == "detr_core"


def _key(make: Any) -> str | None:
    return f"{make.__module__}.{make.__qualname__}" if _own(make) else None


def _summary(make: Any) -> str:
    """The first sentence of its description, where it has one of its own."""
    lines = inspect.cleandoc(make.__doc__ or "").partition("\n\n")[0] if _own(make) else ""
    return " ".join(lines.split())


def _code(value: Any) -> dict[str, dict[str, Any]]:
    """The source of the project's own parts in a slot, by key."""
    found = {}
    for each in value if isinstance(value, tuple) else (value,):
        if hasattr(each, "make") and _own(each.make):
            lines, start = inspect.getsourcelines(each.make)
            file = each.make.__module__.replace(".", "/") + ".py"
            found[_key(each.make)] = {"name": each.make.__name__, "file": file, "line": start, "text": "".join(lines).rstrip()}
    return found
