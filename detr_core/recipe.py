"""A detector, written down: its sizes and its parts. `CHILD = PARENT.but("id", part=New)` is how papers differ.

A part is a class with the options it was given; the recipe builds it as `part(recipe)` or `part(recipe, layer)`.
Unlike `functools.partial`, parts compare by value, so the difference of two recipes is data that can be drawn.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

SIZES = ("short", "long", "classes", "width", "heads", "hidden", "dropout", "queries", "extra_queries", "levels", "encoder_layers",
         "decoder_layers")
LEAST = {"extra_queries": 0, "encoder_layers": 0}   # of the others one at least


@dataclass(frozen=True)
class Part:
    """A class and the options of this use of it; equal when both are equal."""

    make: Callable
    options: tuple[tuple[str, Any], ...] = ()

    def __call__(self, *args: Any) -> Any:
        return self.make(*args, **dict(self.options))

    def but(self, **options: Any) -> Part:
        """The same part with some options changed."""
        return Part(self.make, tuple(sorted({**dict(self.options), **options}.items())))

    def is_a(self, kind: type) -> bool:
        """Whether it builds a `kind`."""
        return isinstance(self.make, type) and issubclass(self.make, kind)

    def __repr__(self) -> str:
        return f"{self.make.__name__}({', '.join(f'{k}={v!r}' for k, v in self.options)})" if self.options else self.make.__name__


def part(make: Callable, **options: Any) -> Part:
    """Name a class as a part, with options that this recipe gives it."""
    return Part(make, tuple(sorted(options.items())))


@dataclass(frozen=True)
class Recipe:
    """The sizes and the parts. Every part is described where it lives; this is the table of slots."""

    name: str
    # sizes
    short: int = 800                # pixels of a picture's short side, unless the long one would pass `long`
    long: int = 1333
    classes: int = 91
    width: int = 256
    heads: int = 8
    hidden: int = 2048
    dropout: float = 0.1
    queries: int = 100
    extra_queries: int = 0
    levels: int = 1
    encoder_layers: int = 6
    decoder_layers: int = 6
    # from pixels to tokens
    preprocess: Any = None
    backbone: Any = None
    neck: Any = None
    token_code: Any = None          # the code of a pixel's place
    position: Any = None            # codes tokens and queries: `.tokens(features)` and `(queries, layer, memory)`
    # encoder
    encoder: Any = None
    encoder_layer: Any = None
    token_attention: Any = None
    # decoder
    query_init: Any = None
    decoder: Any = None
    decoder_layer: Any = None
    self_attention: Any = None
    cross_attention: Any = None
    feed_forward: Any = None
    activation: Any = None
    geometry: Any = None            # what an anchor is and how an offset moves it
    refinement: Any = None          # what the next layer starts from
    class_head: Any = None
    box_head: Any = None
    final_norm: bool = True         # one LayerNorm before the heads
    shared_heads: bool = True       # one pair of heads for all layers
    # training and output
    objective: Any = None
    schemes: tuple = ()
    postprocess: Any = None
    parent: Recipe | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, type):
                object.__setattr__(self, field.name, Part(value))
        object.__setattr__(self, "schemes", tuple(s if isinstance(s, Part) else Part(s) for s in self.schemes))

    def but(self, name: str | None = None, **changes: Any) -> Recipe:
        """A child with another name and these changes, or, without a name, the same detector in other sizes."""
        unknown = set(changes) - {f.name for f in fields(self)}
        if unknown:
            raise ValueError(f"A recipe has no {', '.join(sorted(unknown))}: choose from {', '.join(f.name for f in fields(self))}.")
        return replace(self, **changes) if name is None else replace(self, name=name, parent=self, **changes)

    def difference(self, other: Recipe | None = None) -> dict[str, tuple[Any, Any]]:
        """{field: (theirs, mine)} against `other`, by default the parent."""
        other = self.parent if other is None else other
        if other is None:
            return {}
        names = [f.name for f in fields(self) if f.name not in ("name", "parent")]
        return {n: (getattr(other, n), getattr(self, n)) for n in names if getattr(other, n) != getattr(self, n)}

    def check(self) -> None:
        """Raises ValueError with one sentence where there can be no detector of these sizes."""
        for name in SIZES:
            value, least = getattr(self, name), LEAST.get(name, 1)
            if name == "dropout":
                if not isinstance(value, int | float) or not 0 <= value < 1:
                    raise ValueError(f"dropout must be a number of at least 0 and below 1, not {value!r}.")
            elif not isinstance(value, int) or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}.")
        if self.width % self.heads or self.width % 4:
            raise ValueError(f"A width of {self.width} does not part evenly into {self.heads} heads, nor into sine and cosine of x and y: "
                             "choose a multiple of 4 and of the number of heads.")

    def sizes(self) -> dict[str, int | float]:
        """The numbers alone: what a checkpoint stores to be rebuilt."""
        return {name: getattr(self, name) for name in SIZES}
