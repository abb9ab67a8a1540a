"""The ways a visitor's own picture comes in, in a real browser: drop, paste, camera, and files that are large or move."""
from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from .browsing import own_picture, upload
from .pictures import encoded, painted

pytestmark = pytest.mark.browser

CARRY = """([data, type, name]) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    return transfer; }"""


def carried(page, data: bytes, name: str):
    """A DataTransfer that holds one picture file."""
    return page.evaluate_handle(CARRY, [base64.b64encode(data).decode(), "image/png", name])


def again(page) -> None:
    """Back to the first example."""
    page.locator("[data-key='example:patches']").click()
    page.wait_for_function("new URLSearchParams(location.search).get('picture') === 'example:patches'")


def test_drop_paste_and_camera_bring_a_picture(visit):
    page = visit()
    page.dispatch_event(".mat", "drop", {"dataTransfer": carried(page, encoded(painted(300, 220)), "dropped.png")})
    own_picture(page)
    again(page)
    page.evaluate("(transfer) => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true }))",
                  carried(page, encoded(painted(310, 220)), "pasted.png"))
    own_picture(page)
    again(page)
    page.get_by_role("button", name="Camera").click()
    page.locator("dialog.camera button.solid:not([disabled])").wait_for()
    page.wait_for_function("document.querySelector('dialog.camera video')?.videoWidth > 0")
    page.locator("dialog.camera button.solid").click()
    own_picture(page)
    assert page.locator("dialog.camera").count() == 0


def moving() -> bytes:
    """Three frames."""
    frames, out = [painted(200, 150, shift) for shift in (0, .1, .2)], io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=80)
    return out.getvalue()


def test_enormous_and_moving_files_are_shown(visit):
    page = visit()
    for data, name in ((encoded(Image.new("RGB", (12000, 9000), (200, 210, 190)), "JPEG"), "wall.jpg"), (moving(), "moving.gif")):
        upload(page, data, name)
        own_picture(page)
        page.locator(".stage-status[data-kind=error]").wait_for(state="detached")
        again(page)
