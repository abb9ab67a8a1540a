"""A visitor's browser: it opens pages, waits until they are there, and remembers everything that went wrong on them."""
from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

PATIENCE = 120_000                                   # ms; the machine that runs the tests may be busy
READY = {"explore": ".query-row", "compare": ".difference-row", "family": ".node[data-built=true]",
         "inside": ".inside-name:visible, .inside-empty button:visible", "matching": "#atlas-matching-weights .pair-table",
         "statistics": "#atlas-statistics-classes .main-svg", "benchmark": ".benchmark-curve .scatterlayer .trace",
         "train": ".data-head", "jobs": "[role=tab]"}
"""What is there once a page shows its content."""


def watched(page, url: str, troubles: list[str]):
    """The page; its errors, its alerts and every request that leaves the server are added to `troubles`."""
    def asked(dialog) -> None:
        troubles.append(f"{page.url} asked: {dialog.message}")
        dialog.dismiss()

    page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
    page.on("dialog", asked)
    page.on("request", lambda request: request.url.startswith((url, "data:", "blob:")) or troubles.append(request.url))
    return page


class Desk:
    """Opens addresses of one server: `desk("/?page=train", width=390, theme="dark")`.

    A profile is kept for each kind of screen: scripts are fetched and compiled once, and who comes back is the same visitor.
    """

    def __init__(self, browser, url: str):
        self.browser, self.url = browser, url
        self.troubles: list[str] = []
        self._profiles, self._pages = {}, []
        self.profile()

    def profile(self, width: int = 1280, height: int = 844, theme: str = "light", locale: str = "en-GB"):
        """The browser context with such a screen."""
        key = width, height, theme, locale
        if key not in self._profiles:
            self._profiles[key] = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, locale=locale)
        return self._profiles[key]

    def __call__(self, address: str = "/", **screen):
        page = watched(self.profile(**screen).new_page(), self.url, self.troubles)
        self._pages.append(page)
        page.set_default_timeout(PATIENCE)
        page.goto(self.url + address)
        name = parse_qs(urlsplit(address).query).get("page", ["explore"])[0]
        page.wait_for_selector(READY[name])
        return page

    def tidy(self, pages: int = 0, profiles: int = 0) -> None:
        """Close all but the first pages and profiles, and tell what went wrong since the last time."""
        for page in self._pages[pages:]:
            page.close()
        del self._pages[pages:]
        for key in list(self._profiles)[profiles:]:
            self._profiles.pop(key).close()
        told, self.troubles[:] = self.troubles[:], []
        assert not told, told

    def count(self) -> tuple[int, int]:
        """Pages and profiles, for `tidy`."""
        return len(self._pages), len(self._profiles)


def expect(what):
    """Playwright's assertions, which ask again until they hold; for all that a page draws in its next frame."""
    from playwright.sync_api import expect as asked  # where there is no browser, files of tests are still read

    asked.set_options(timeout=PATIENCE)
    return asked(what)


def says(page, /, **wanted: str | None) -> None:
    """Wait until the address says so; None: says nothing of it."""
    page.wait_for_function("""(wanted) => { const said = new URLSearchParams(location.search);
        return Object.entries(wanted).every(([name, value]) => said.get(name) === value); }""", arg=wanted)


def own_picture(page) -> None:
    """Wait until a visitor's picture is looked at; before the first run ends, the address names none."""
    page.wait_for_function("!(new URLSearchParams(location.search).get('picture') ?? 'example:').startsWith('example:')")


def upload(page, data: bytes, name: str, place: str = "#atlas-source") -> None:
    """Choose a picture file."""
    page.set_input_files(f"{place} input[type=file]", {"name": name, "mimeType": "application/octet-stream", "buffer": data})


def drawn(page, canvases: str) -> list[int]:
    """A number for each canvas that changes with what it shows."""
    return page.evaluate("""async (canvases) => {
        for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
        return [...document.querySelectorAll(canvases)].map((c) => {
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let sum = 0;
            for (let i = 0; i < d.length; i += 4) sum = (sum * 31 + d[i] + d[i + 1] * 3 + d[i + 2] * 7) % 1000000007;
            return sum; }); }""", canvases)


def requested(page) -> list[str]:
    """A list that grows with what the page asks the server for, its heartbeat left out."""
    asked: list[str] = []
    page.on("request", lambda request: any(word in request.url for word in ("/atlas/boot", "heartbeat")) or asked.append(request.url))
    return asked


def unharmed(page) -> bool:
    """Whether no name has become markup or code."""
    return page.evaluate("document.body.dataset.hacked ?? null") is None and page.locator("img[src=x]").count() == 0


def fits(page) -> bool:
    """Whether nothing has to be scrolled to the side."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def sticking_out(page, place: str) -> list[str]:
    """What within `place` reaches beyond the window, and is cut off there instead of being scrolled to."""
    return page.evaluate("""(place) => [...document.querySelectorAll(`${place} *`)].filter((each) => {
        for (let around = each.parentElement; around; around = around.parentElement)
            if (/auto|scroll/.test(getComputedStyle(around).overflowX)) return false;
        return each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1 && !each.closest('.sr'); })
        .map((each) => `${each.tagName} ${each.id} ${each.getAttribute('class') ?? ''}`)""", place)
