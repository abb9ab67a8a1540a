"""What one person may keep on a server: data sets and jobs count together."""
from __future__ import annotations

from collections.abc import Callable

Elsewhere = Callable[[str], int]
"""Owner -> bytes that they keep in another part of the server."""


def nothing(owner: str) -> int:
    """Where there is no other part."""
    return 0


def full(used: int, most: int, more: int = 0) -> str:
    """Why `more` bytes have no room beside the `used` ones, in one sentence; "" where they have."""
    if used < most and used + more <= most:
        return ""
    needed = f", and this needs {size_words(more)}" if more else ""
    return (f"Your data sets and jobs take {size_words(used)} of the {size_words(most)} that one person may have here{needed}: delete old "
            "ones.")


def size_words(count: float) -> str:
    """1536 -> 1.5 KB."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1024 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return ""
