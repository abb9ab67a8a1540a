"""Which detectors there are, where they come from and what they are about."""
from __future__ import annotations

from dataclasses import dataclass, replace

from .recipe import Recipe

Row = tuple[str, str | None]


@dataclass(frozen=True)
class Paper:
    """Where an idea was published; `code` is the authors' repository."""

    title: str
    authors: str
    venue: str
    year: int
    arxiv: str = ""
    code: str = ""

    @property
    def url(self) -> str:
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else ""


@dataclass(frozen=True)
class Published:
    """Weights that somebody released: a direct address with the start of its SHA-256, or a Hugging Face repository."""

    address: str = ""
    sha256: str = ""
    repository: str = ""
    classes: int = 91


@dataclass(frozen=True)
class Variant:
    """One detector of the family: its official recipe, its tiny one, its paper and how its checkpoints name tensors."""

    recipe: Recipe
    tiny: Recipe
    paper: Paper
    idea: str
    names: tuple[Row, ...]                          # this paper's rows, then its parents'
    borrows: tuple[str, ...] = ()                   # second parents
    published: dict[str, Published] | None = None

    @property
    def id(self) -> str:
        return self.recipe.name

    @property
    def parent(self) -> str | None:
        return self.recipe.parent.name if self.recipe.parent else None


VARIANTS: dict[str, Variant] = {}


def variant(recipe: Recipe, tiny: Recipe, paper: Paper, idea: str, names: tuple[Row, ...] = (), borrows: tuple[str, ...] = (),
            published: dict[str, Published] | None = None) -> Variant:
    """Register a detector. Its rows come before its parent's, so that a child can rename what it changed."""
    inherited = VARIANTS[recipe.parent.name].names if recipe.parent else ()
    entry = Variant(recipe, replace(tiny, name=recipe.name), paper, idea, names + inherited, borrows, published)
    if entry.id in VARIANTS:
        raise ValueError(f"There are two variants named {entry.id!r}: give one of them another name.")
    missing = [name for name in borrows if name not in VARIANTS]
    if missing:
        raise ValueError(f"{entry.id!r} borrows from {missing}, which are not registered before it: move it down in the table of contents.")
    VARIANTS[entry.id] = entry
    return entry
