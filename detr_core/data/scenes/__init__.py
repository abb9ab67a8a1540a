"""`scenes`: pictures of thirty everyday classes, generated, labelled exactly, and needing no download.

Sprites of Microsoft's Fluent emoji (MIT) stand in painted settings: a meadow, a street, a beach, a room, a table, things
seen from above, a studio. `render(seed, index)` makes one scene; `python -m detr_core.data.scenes` writes COCO folders.
"""

from .catalogue import CLASSES, SpriteClass
from .folder import write
from .generate import SEED, SETTINGS, VERSION, Scene, render

__all__ = ["CLASSES", "SEED", "SETTINGS", "VERSION", "Scene", "SpriteClass", "render", "write"]
