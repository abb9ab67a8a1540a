"""`list`: what there is."""
from __future__ import annotations

import argparse
import json
from typing import Any

from .. import api
from ..registry import VARIANTS, Variant
from .common import table

HELP = """All variants: year, parent, weights that come with the project, weights that others published, and the idea.

`bundled` weights are in the project; `published` ones are downloaded once when they are first used."""
EXAMPLES = """examples:
  python -m detr_core list
  python -m detr_core list --json | jq '.[].id'"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, with papers and links")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")


def run(options: argparse.Namespace) -> None:
    known = [_facts(variant) for variant in VARIANTS.values()]
    if options.json:
        print(json.dumps(known, indent=1))
        return
    rows = [[v["id"], str(v["paper"]["year"]), v["parent"] or "", ", ".join(v["bundled"]), ", ".join(v["published"]), v["idea"]]
            for v in known]
    print(table([["id", "year", "parent", "bundled", "published", "idea"], *rows], options.markdown))


def _facts(variant: Variant) -> dict[str, Any]:
    return {"id": variant.id, "idea": variant.idea, "parent": variant.parent, "borrows": variant.borrows,
            "paper": {**vars(variant.paper), "url": variant.paper.url}, "bundled": sorted(api.bundled(variant.id)),
            "published": sorted(variant.published or {})}
