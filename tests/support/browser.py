"""A page in a real browser: what it asks for, what it complains of, and what does not fit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
HEIGHT = 900
CUT = """() => {
  const found = [];
  const root = document.documentElement;
  const width = root.clientWidth;
  if (root.scrollWidth > window.innerWidth) found.push(`page ${root.scrollWidth}`);
  for (const one of document.body.querySelectorAll('*')) {
    const box = one.getBoundingClientRect();
    if (!box.width || one.closest('.wide') || one.closest('svg')) continue;
    if (box.right > width + 1 || box.left < -1) found.push(`${one.tagName} ${one.textContent.slice(0, 40)}`);
    if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth && getComputedStyle(one).overflowX !== 'visible')
      found.push(`inside ${one.tagName} ${one.className}`);
  }
  for (const svg of document.querySelectorAll('svg')) {
    const outer = svg.getBoundingClientRect();
    if (!outer.width) continue;
    for (const text of svg.querySelectorAll('text')) {
      const box = text.getBoundingClientRect();
      if (box.left < outer.left - 1 || box.right > outer.right + 1
        || box.top < outer.top - 1 || box.bottom > outer.bottom + 1)
        found.push(`text ${text.textContent} of ${svg.getAttribute('aria-label')}`);
    }
  }
  return found;
}"""
"""What reaches beyond the page, beyond its own box, or, in a drawing, beyond the drawing."""
OVERLAPS = """() => {
  const found = [];
  for (const svg of document.querySelectorAll('svg')) {
    const texts = [...svg.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()])
      .filter(([text, box]) => text.trim() && box.width);
    texts.forEach(([text, box], index) => texts.slice(index + 1).forEach(([other, next]) => {
      const across = Math.min(box.right, next.right) - Math.max(box.left, next.left);
      const down = Math.min(box.bottom, next.bottom) - Math.max(box.top, next.top);
      const upright = box.width > box.height && next.width > next.height;
      if (upright && across > 2 && down > 0.35 * Math.min(box.height, next.height)) found.push(`${text} | ${other}`);
    }));
  }
  return found;
}"""
"""Upright letters of a drawing that lie on other letters."""


@dataclass
class Visit:
    """What was seen of one page."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    overlaps: list[str] = field(default_factory=list)


def chromium() -> str:
    """Return the browser, or skip the test with the line that installs it."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("there is no browser (Debian: apt install chromium)")
    return found


@contextmanager
def open_browser() -> Iterator[Any]:
    """Start the browser without a window."""
    executable = chromium()
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is missing (make .venv/dev)")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def visit(browser: Any, page: Path, *, width: int, scheme: str, picture: Path) -> Visit:
    """Open a page at a width in light or dark, with everything unfolded in the end, and keep a picture of it."""
    seen = Visit()
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, device_scale_factor=2 if width < 500 else 1
    )
    tab = context.new_page()
    tab.on("request", lambda request: seen.requests.append(request.url))
    tab.on("console", lambda message: seen.complaints.append(message.text))
    tab.on("pageerror", lambda error: seen.complaints.append(str(error)))
    tab.goto(page.resolve().as_uri())
    picture.parent.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=str(picture), full_page=True)
    tab.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")
    seen.cut = tab.evaluate(CUT)
    seen.overlaps = tab.evaluate(OVERLAPS)
    context.close()
    return seen
