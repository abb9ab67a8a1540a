"""Files that are either the old ones or the new ones, never half of each, whatever dies while they are written."""
from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yields a path beside `path` to write to; afterwards it is forced to the disk and only then gets its name.

    A full disk or a kill leaves the old file untouched; the unfinished one is removed where that is still possible.
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    if os.name == "posix":                          # the name itself is safe only when the folder is on the disk, too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_json(path: Path | str, value: Any, indent: int | None = 1) -> None:
    """Write `value` as JSON, whole or not at all."""
    text = json.dumps(value, indent=indent, allow_nan=False)
    with replacing(path) as unfinished:
        unfinished.write_text(text)


def read_json(path: Path | str, default: Any = None) -> Any:
    """What a JSON file holds; `default` where there is no file."""
    try:
        return json.loads(Path(path).read_text())
    except FileNotFoundError:
        return default
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not valid JSON ({error}): restore it or delete it.") from None
