"""Many visitors at once: all are answered, in order, and nobody sees what another brought. And what every page does with hostile names."""
from __future__ import annotations

import base64
import json
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from app import ui
from app.pack import unpack

from .browsing import own_picture, unharmed, upload
from .fake import NAMES
from .pictures import encoded, painted

PAGES = [ui.name(page) for page in ui.PAGES]
VISITORS = 20


@pytest.fixture(scope="module")
def ask(served):
    """Calls a function of the session as the page's scripts do, each visitor with a session of its own."""
    with urllib.request.urlopen(f"{served.url}/config", timeout=60) as answer:
        components = json.load(answer)["components"]
    header = next(each["id"] for each in components if each["props"].get("elem_id") == "atlas-header")

    def call(visitor: str, function: str, **request) -> dict:
        body = json.dumps({"session_hash": visitor, "component_id": header, "fn_name": function, "data": request}).encode()
        wanted = urllib.request.Request(f"{served.url}/gradio_api/component_server", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(wanted, timeout=120) as answer:
            return json.load(answer)

    return call


@pytest.fixture(scope="module")
def brought(ask) -> dict[str, str]:
    """Every visitor's own picture: visitor -> its key."""
    def bring(i: int) -> tuple[str, str]:
        data = base64.b64encode(encoded(painted(200, 150, 0.01 * i))).decode()
        return f"visitor{i}", ask(f"visitor{i}", "add_picture", name=f"of visitor {i}.png", data=data)["key"]

    with ThreadPoolExecutor(VISITORS) as pool:
        return dict(pool.map(bring, range(VISITORS)))


def test_twenty_at_once_are_answered_in_order_with_their_own(ask, served, brought, monkeypatch):
    gate, order, real = threading.Event(), [], served.runner.inspect

    def inspect(image, variant, weights):
        gate.wait(60)
        order.append(image.tobytes())
        return real(image, variant, weights)

    monkeypatch.setattr(served.runner, "inspect", inspect)
    with ThreadPoolExecutor(VISITORS) as pool:
        waiting = {}
        for visitor, key in brought.items():
            waiting[visitor] = pool.submit(ask, visitor, "start_run", picture=key, model="detr", weights="scenes", ticket=visitor)
            while served.engine.ahead(visitor) is None:
                assert not waiting[visitor].done()
        told = [ask(visitor, "run_progress", ticket=visitor)["ahead"] for visitor in brought]
        assert told == list(range(VISITORS)), "everybody is told how many come first"
        gate.set()
        answers = {visitor: unpack(base64.b64decode(each.result(120)["pack"]))[0] for visitor, each in waiting.items()}
    assert order == [served.engine.pictures.get(key).image.tobytes() for key in brought.values()]
    for visitor, facts in answers.items():
        assert facts["picture"]["key"] == brought[visitor] and facts["picture"]["name"] == f"of {visitor[:7]} {visitor[7:]}.png"
    assert len({facts["run"] for facts in answers.values()}) == VISITORS


def near(key: str) -> list[str]:
    """Guesses of somebody who knows almost all of it."""
    turned = [key[:i] + ("0" if key[i] != "0" else "1") + key[i + 1:] for i in (0, 15, 31)]
    return [*turned, key[:-1], key.upper() + "0", "0" * 32, "", "../" + key, "example:" + key]


def test_nothing_of_another_is_found_by_guessing(ask, served, brought):
    key = next(iter(brought.values()))
    run = unpack(base64.b64decode(ask("a", "start_run", picture=key, model="detr", weights="scenes")["pack"]))[0]["run"]
    for guess in near(key):
        assert "error" in ask("b", "show_picture", picture=guess), guess
        assert "error" in ask("b", "start_run", picture=guess, model="detr", weights="scenes"), guess
    for guess in near(run):
        assert "error" in ask("b", "query_detail", run=guess, query=0) and "error" in ask("b", "run_archive", run=guess), guess
    assert brought[list(brought)[1]] not in json.dumps(ask("b", "opening"))
    assert run.encode() not in urllib.request.urlopen(f"{served.url}/config", timeout=60).read()


@pytest.mark.parametrize("path", ["gradio_api/file=/etc/passwd", "gradio_api/file=app.py", "gradio_api/file=README.md", "file=app.py",
                                  "atlas/examples/..%2f..%2fapp.py", "atlas/examples/examples.json/../../runs/opening.json"])
def test_files_of_the_server_stay_there(served, path):
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{served.url}/{path}", timeout=60)
    assert error.value.code in (400, 403, 404)


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "ru"])
def test_hostile_names_stay_text_on_every_page(visit, language):
    """Classes, the file's name and the address all carry markup and template code."""
    page = visit(f"/?lang={language}&model=%3Cimg%20src=x%20onerror=document.body.dataset.hacked=1%3E&weights=${{1}}")
    upload(page, encoded(painted(200, 150, 0.005)), f"{NAMES[-1]}{NAMES[-2]}.png")
    own_picture(page)
    for each in PAGES:
        page.locator(f".pages [data-page={each}]").click()
        page.wait_for_function("(name) => document.querySelector(`#atlas-page-${name} .atlas-panel`)?.childElementCount > 0", arg=each)
        page.wait_for_timeout(700)
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        assert unharmed(page), each
