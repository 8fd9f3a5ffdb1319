"""What charts are drawn on: colours, letters, lengths in points, and the ways out as SVG and PNG.

Drawings are the same bytes on every run: the letters are those that matplotlib brings, and nothing says when.
"""

from __future__ import annotations

import html
import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS_PER_INCH = 72
PNG_DPI = 144
FONT = "DejaVu Sans"
PAGE_FONTS = "system-ui, 'DejaVu Sans', sans-serif"
WIDE_POINTS, NARROW_POINTS = 620, 300
LETTERS = 9.0
SMALL_LETTERS = 7.5
BOLD = 1.12
"""So many times as wide as plain letters are bold ones."""
ELLIPSIS = "…"


@dataclass(frozen=True, kw_only=True)
class Look:
    """Colours by what they are for."""

    ink: str
    muted: str
    grid: str
    back: str
    tones: tuple[str, str, str, str]
    good: str
    bad: str


LIGHT = Look(
    ink="#1b1f24",
    muted="#5d6670",
    grid="#d5dae0",
    back="#ffffff",
    tones=("#1f5fa8", "#2e9c8f", "#d9a521", "#8a63b8"),
    good="#1a7f37",
    bad="#c62828",
)
THEMED = Look(
    ink="#010a01",
    muted="#010a02",
    grid="#010a03",
    back="#010a04",
    tones=("#010a10", "#010a11", "#010a12", "#010a13"),
    good="#010a05",
    bad="#010a06",
)
"""Colours that nothing else has: the page puts its own variables in their places."""
_VARIABLES = {
    THEMED.ink: "--ink",
    THEMED.muted: "--muted",
    THEMED.grid: "--line",
    THEMED.back: "--back",
    THEMED.good: "--good",
    THEMED.bad: "--bad",
    **{tone: f"--tone{index}" for index, tone in enumerate(THEMED.tones)},
}


class Canvas:
    """One drawing: a figure whose lengths are points, with the tips that its parts show."""

    def __init__(self, look: Look, *, is_wide: bool) -> None:
        self.look = look
        self.is_wide = is_wide
        self.width = WIDE_POINTS if is_wide else NARROW_POINTS
        self._tips: list[str] = []
        self._figure: Figure | None = None

    def open(self, height: float) -> None:
        """Begin a figure of so many points."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.height = height
        self._figure = Figure(
            figsize=(self.width / POINTS_PER_INCH, height / POINTS_PER_INCH), dpi=POINTS_PER_INCH,
            facecolor="none" if self.look is THEMED else self.look.back,
        )  # fmt: skip
        FigureCanvasAgg(self._figure)

    @property
    def figure(self) -> Figure:
        """The figure that was begun."""
        assert self._figure is not None  # noqa: S101 -- open() comes first
        return self._figure

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Add axes at a place that is counted from the upper left corner."""
        bottom = self.height - top - height
        place = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(place, facecolor="none")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color(self.look.grid)
        axes.tick_params(colors=self.look.muted, labelcolor=self.look.muted, labelsize=SMALL_LETTERS, length=2.5)
        return axes

    def text(self, axes: Axes, x: float, y: float, text: str, **options: Any) -> None:
        """Write plain text; whatever a name contains, nothing in it is markup."""
        style = {"color": self.look.ink, "fontsize": LETTERS, **options}
        axes.text(x, y, printable(text), parse_math=False, **style)

    def title(self, axes: Axes, text: str) -> None:
        """Write what axes show above their left end, as much of it as there is room for."""
        room = (self.width - axes.get_window_extent().x0 - 4) / BOLD
        style = {"transform": _shifted(axes, 7), "va": "bottom", "fontsize": LETTERS, "weight": "bold"}
        self.text(axes, 0, 1, fitted(text, room), **style)

    def labels(self, axes: Axes, *, x: str = "", y: str = "") -> None:
        """Name the axes."""
        axes.set_xlabel(x, color=self.look.muted, fontsize=SMALL_LETTERS, parse_math=False)
        axes.set_ylabel(y, color=self.look.muted, fontsize=SMALL_LETTERS, parse_math=False)

    def tip(self, artist: Artist, text: str) -> None:
        """Let a part of the drawing tell more where a page shows it."""
        artist.set_gid(f"tip{len(self._tips)}-")
        self._tips.append(text)

    def svg(self, salt: str) -> str:
        """Return the drawing as an SVG file."""
        stream = io.StringIO()
        with _settings(salt):
            self.figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
        text = stream.getvalue()
        for index, tip in enumerate(self._tips):
            opening = f'<g id="tip{index}-">'
            text = text.replace(opening, f"{opening}<title>{html.escape(printable(tip))}</title>", 1)
        return text

    def png(self) -> bytes:
        """Return the drawing as a PNG file."""
        stream = io.BytesIO()
        with _settings("png"):
            self.figure.savefig(stream, format="png", dpi=PNG_DPI, metadata={"Software": None})
        return stream.getvalue()


def for_page(svg: str, *, label: str) -> str:
    """Return an SVG file as a part of a page, in the page's colours and letters.

    Args:
        svg: drawn with the look `THEMED`.
        label: what it shows, for those who do not see it.
    """
    text = svg[svg.index("<svg") :].rstrip()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    box = re.search(r'viewBox="[^"]*"', text)
    opening = f'<svg role="img" aria-label="{html.escape(printable(label))}" {box[0] if box else ""}>'
    text = opening + text[text.index(">") + 1 :]
    text = text.replace("xlink:href", "href").replace(f"'{FONT}'", PAGE_FONTS)
    for color, variable in _VARIABLES.items():
        text = text.replace(color, f"var({variable})")
    return text


def width_of(text: str, letters: float = LETTERS) -> float:
    """Return how many points a text takes."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    with _quiet():
        properties = FontProperties(family=FONT, size=letters)
        return float(text_to_path.get_text_width_height_descent(printable(text), properties, ismath=False)[0])


def fitted(text: str, width: float, letters: float = LETTERS) -> str:
    """Return a text, its end left out where it is wider than so many points; nothing where no letter has room."""
    text = printable(text)
    if width_of(text, letters) <= width:
        return text
    kept = text[: max(1, int(width / (0.3 * letters)))]
    while kept and width_of(kept + ELLIPSIS, letters) > width:
        kept = kept[:-1]
    return kept + ELLIPSIS if kept else ""


def printable(text: str) -> str:
    r"""Return a text on one line, with what cannot be shown left out.

    >>> printable("a\nb\x00")
    'a b'
    """
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def format_axis_bytes(value: float) -> str:
    """Write bytes on an axis.

    >>> format_axis_bytes(512), format_axis_bytes(6144), format_axis_bytes(2500000)
    ('512', '6.1k', '2.5M')
    """
    if value >= 1e6:
        return f"{value / 1e6:g}M" if value % 1e5 == 0 else f"{value / 1e6:.1f}M"
    return f"{value / 1e3:.3g}k" if value >= 1e4 else f"{value / 1e3:.2g}k" if value >= 1e3 else f"{value:.0f}"


def _shifted(axes: Axes, points: float) -> Any:
    from matplotlib.transforms import ScaledTranslation

    return axes.transAxes + ScaledTranslation(0, points / POINTS_PER_INCH, axes.figure.dpi_scale_trans)


@contextmanager
def _settings(salt: str) -> Iterator[None]:
    """Make drawings that are the same on every run, and letters that stay letters."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": salt, "svg.fonttype": "none"}), _quiet():
        yield


@contextmanager
def drawing() -> Iterator[None]:
    """Draw as if nobody had settings of their own."""
    import matplotlib

    with (
        matplotlib.rc_context(matplotlib.rcParamsDefault),
        matplotlib.rc_context(
            {
                "font.family": FONT,
                "axes.formatter.use_mathtext": False,
                "axes.unicode_minus": True,
                "path.simplify": False,
            }
        ),
        _quiet(),
    ):
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Letters that the font lacks are boxes, which is no reason for a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
