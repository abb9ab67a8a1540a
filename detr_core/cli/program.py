"""Finding a command, its arguments, and what to say when it fails."""
from __future__ import annotations

import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Sequence

COMMANDS = {
    "train": "train or fine-tune a detector",
    "evaluate": "measure a detector with COCO's numbers",
    "check": "say whether a data set is sound, mend it, convert it",
    "predict": "find the objects of a picture",
    "list": "show the variants and their weights",
    "convert": "turn an official or Hugging Face checkpoint into a weights file of this project",
    "benchmark": "compare detectors: how fast they learn and how fast they run",
    "weights": "train the bundled weights; goes on where it stopped",
}
"""Command and what it does; the modules are imported only when they are called."""


def parser_for(command: str) -> argparse.ArgumentParser:
    """The arguments of one command."""
    module = importlib.import_module(f".{command}", __package__)
    parser = argparse.ArgumentParser(prog=f"python -m detr_core {command}", description=module.HELP, epilog=module.EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    module.arguments(parser)
    parser.set_defaults(run=module.run)
    return parser


def overview() -> str:
    width = max(map(len, COMMANDS))
    lines = "\n".join(f"  {name:<{width}}  {what}" for name, what in COMMANDS.items())
    return ("usage: python -m detr_core COMMAND [options]\n\nDetection transformers: train them, measure them, look into them.\n\n"
            f"{lines}\n\npython -m detr_core COMMAND --help tells more.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 2 for a mistake of the user's, 130 for Ctrl-C."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(overview())
        return 0
    if arguments[0] not in COMMANDS:
        print(f"There is no command {arguments[0]!r}: choose one of {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    options = parser_for(arguments[0]).parse_args(arguments[1:])
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: print(f"Note: {message}", file=sys.stderr)
            return options.run(options) or 0
    except (ValueError, OSError, FloatingPointError) as error:
        if os.environ.get("DETR_ATLAS_TRACE"):
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
