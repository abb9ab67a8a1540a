"""The data step of the Train page: a zip is dropped, its report is read, and nobody else sees any of it."""
from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.engine import Engine
from app.workshop import Workshop
from detr_core.data.check import Limits
from detr_core.data.store import Datasets
from detr_core.jobs import Jobs

from ..data.zoo import coco, lay, packed, yolo
from .browsing import PATIENCE, fits, unharmed
from .fake import NAMES, FakeRunner
from .servers import ASSETS, launched

pytestmark = pytest.mark.browser
ADDRESS = "/?page=train&lang=en"


@pytest.fixture(scope="module")
def site(assets, tmp_path_factory) -> Iterator[str]:
    """An Atlas that trains: with a data folder, and one folder of the server that visitors may use."""
    folder = tmp_path_factory.mktemp("data")
    lay(yolo(), folder / "allowed" / "yolo set")
    engine = Engine(FakeRunner, assets)
    shop = Workshop(Jobs(folder), Datasets(folder, [folder / "allowed"], Limits(free=0)), ASSETS, folder)
    engine.workshop = lambda: shop
    with launched(engine, assets) as url:
        yield url
    shop.jobs.close()


def flawed() -> dict:
    """Names that are markup, a box outside, one drawn twice, a picture that is missing."""
    files = coco()
    table = files["annotations/instances_train.json"]
    for name in ("annotations/instances_train.json", "annotations/instances_val.json"):
        for row, hostile in zip(files[name]["categories"], NAMES[3:]):
            row["name"] = hostile
    table["annotations"][0]["bbox"] = [50, 30, 60, 60]
    table["annotations"].append({**table["annotations"][5], "id": 9000})
    del files["train/007.jpg"]
    return files


def drop(page, path: Path, name: str) -> None:
    """Let a file fall onto the page."""
    page.evaluate("""([data, name]) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name, { type: 'application/zip' }));
        const place = document.querySelector('.data-report');
        for (const kind of ['dragenter', 'dragover', 'drop'])
            place.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }""", [base64.b64encode(path.read_bytes()).decode(), name])


def inked(page, selector: str) -> bool:
    """Whether a canvas shows more than one colour."""
    return page.evaluate("""async (selector) => {
        for (let i = 0; i < 100; i++) {
            const canvas = document.querySelector(selector);
            if (canvas?.width) {
                const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                if (new Set(Array.from({ length: 4000 }, (_, k) => data[(k * 37 * 4) % data.length])).size > 8) return true;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return false; }""", selector)


def test_the_step_opens_on_a_checked_set(visit, screenshots):
    page = visit(ADDRESS)
    assert page.inner_text(".data-title h1") == "Trees from above"
    assert "45" in page.inner_text(".tiles") and page.locator(".data-card").count() == 2
    page.wait_for_selector(".sample canvas")
    assert inked(page, ".sample canvas")
    page.wait_for_function("/queries in/.test(document.querySelector('.tiles')?.textContent)")
    page.wait_for_selector(".measure .plot-container")
    page.screenshot(path=screenshots / "dataset-light-1280.png", full_page=True)
    page.locator(".sample-open").first.click()
    assert inked(page, "dialog.closely canvas")
    first = page.inner_text("dialog.closely b")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"document.querySelector('dialog.closely b').textContent !== '{first}'")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.closely", state="detached")
    page.locator(".data-card").nth(1).click()
    page.wait_for_function("document.querySelector('.data-title h1')?.textContent === 'Scenes'")
    assert inked(page, ".sample canvas")
    page.locator(".class-name").nth(2).click()
    page.wait_for_function("document.querySelector('.class-name[aria-pressed=true]')")
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page), "no sideways scroll"
    page.screenshot(path=screenshots / "dataset-390.png", full_page=True)


def test_drop_a_zip_and_read_the_report(visit, browser, tmp_path, screenshots):
    page = visit(ADDRESS)
    drop(page, packed(flawed(), tmp_path / "a.zip"), "${document.body.dataset.hacked=1}.zip")
    page.wait_for_function("document.querySelector('.data-title h1')?.textContent.includes('hacked')")
    assert "Usable, with something to look at. COCO layout." in page.inner_text(".data-title")
    codes = page.eval_on_selector_all(".findings > li", "rows => rows.map((row) => row.dataset.code)")
    assert {"box_outside", "box_duplicate", "picture_missing"} <= set(codes)
    assert "Boxes drawn twice: 1" in page.inner_text("[data-code=box_duplicate]")
    assert page.locator("[data-code=box_duplicate] .mended").is_visible()
    page.locator("[data-code=box_outside] button").click()
    page.wait_for_function("document.querySelectorAll('.sample').length === 1")
    assert page.inner_text(".sample b") == "000.jpg" and "annotation 0" in page.inner_text(".sample .fault")
    assert inked(page, ".sample canvas")
    page.screenshot(path=screenshots / "dataset-findings.png", full_page=True)
    with page.expect_request("**/component_server/**") as asked:
        page.locator("[data-code=box_outside] button").click()
    page.wait_for_function("document.querySelectorAll('.sample').length === 12")
    assert [page.locator(".class-name span").nth(i).inner_text() for i in (0, 1)] == NAMES[3:]
    with page.expect_download() as download:
        page.get_by_role("button", name="Report", exact=True).click()
    saved = json.loads(Path(download.value.path()).read_text())
    assert saved["verdict"] == "warning" and saved["facts"]["pictures"] == 31 and saved["detector"]["fit"]["queries"] > 0
    assert unharmed(page)
    id = page.get_attribute(".data-card[aria-checked=true]", "data-id")
    page.reload()
    page.wait_for_function(f"document.querySelector('.data-card[aria-checked=true]')?.dataset.id === '{id}'")
    only_the_owner_sees_it(browser, asked.value, id)
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete for good").click()
    page.wait_for_function("document.querySelectorAll('.data-card').length === 2")


def only_the_owner_sees_it(browser, asked, id: str) -> None:
    """Another browser that sends the very same requests, id and session included, is told that there is nothing."""
    other = browser.new_context()
    request = {"id": id, "name": "000.jpg", "variant": "detr", "size": "tiny"}
    said = {}
    for name in ("data_list", "data_report", "data_samples", "data_picture", "data_fit", "data_delete"):
        body = {**json.loads(asked.post_data), "fn_name": name, "data": request}
        said[name] = other.request.post(asked.url, data=body, timeout=PATIENCE).json()
    other.close()
    assert [each["id"] for each in said.pop("data_list")["sets"]] == ["trees", "scenes"]
    assert all("no such data set" in answer["error"] for answer in said.values()), said


def test_what_stands_in_the_way_is_told_in_the_page(visit, tmp_path):
    """No zip, a damaged one, a set that cannot be trained on; and then a folder of the server that can."""
    page, files = visit(ADDRESS), coco()
    (tmp_path / "a.zip").write_bytes(b"PK no zip")
    page.set_input_files(".data-drop input", [tmp_path / "a.zip"])
    page.wait_for_selector(".arrivals .failed")
    assert "no zip that can be opened" in page.inner_text(".arrivals .failed")
    page.set_input_files(".data-drop input", [{"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"x"}])
    page.wait_for_function("/This is no zip/.test(document.querySelector('.arrivals')?.textContent)")
    for _ in range(2):
        page.locator(".arrivals .failed button").first.click()
    assert page.locator(".arrivals li").count() == 0
    files["annotations/instances_train.json"]["annotations"][0]["category_id"] = 77
    page.set_input_files(".data-drop input", [packed(files, tmp_path / "bad classes.zip")])
    page.wait_for_selector(".data-head .verdict.blocking")
    assert "Cannot be trained on" in page.inner_text(".data-title")
    page.wait_for_function("document.querySelector('.step-foot button.solid')?.disabled")
    page.locator(".data-folder select").select_option("allowed/yolo set")
    page.locator(".data-folder button").click()
    page.wait_for_function("document.querySelector('.data-title h1')?.textContent === 'yolo set'")
    assert "YOLO layout." in page.inner_text(".data-title")


def test_dark_and_russian(visit, screenshots):
    page = visit("/?page=train&lang=ru", theme="dark", locale="ru")
    page.wait_for_selector(".measure .plot-container")
    assert inked(page, ".sample canvas")
    assert "Деревья сверху" in page.text_content(".data-card") and "Замечания" in page.text_content(".data-report")
    page.screenshot(path=screenshots / "dataset-dark-ru.png", full_page=True)
