"""The command line. Every command is a module with `HELP`, `EXAMPLES`, `arguments(parser)` and `run(options)`."""
from .program import COMMANDS, main

__all__ = ["COMMANDS", "main"]
