"""What all pictures share: a figure with the same bytes each time, colours everybody can tell apart, and a font."""

from __future__ import annotations

import re
import unicodedata
import warnings
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from graph.words import Language

CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Noto Sans CJK JP",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "SimHei",
)  # fmt: skip
"""Font families that have the characters we write, best first."""

# Okabe and Ito's palette (Color Universal Design, 2008): told apart with every common colour blindness.
ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILLION, PURPLE, BLACK = "#0072B2", "#D55E00", "#CC79A7", "#000000"
INK, GREY, PALE = "#22262b", "#6b7178", "#d5d8dc"

SIDE = 0.3
"""Inches of margin at both sides."""
LONGEST = 12
"""Characters of an id on a label; a longer one is cut in the middle, where hashes are least telling."""


class Picture(Figure):
    """A matplotlib figure that needs no window, shows in a notebook, and always has the same bytes."""

    def png(self, dpi: float = 150) -> bytes:
        """As PNG."""
        return self._bytes("png", dpi, {"Software": None})

    def svg(self) -> bytes:
        """As SVG, letters as shapes: it looks the same where our font is not installed."""
        return self._bytes("svg", 72, {"Date": None, "Creator": None})

    def __repr__(self) -> str:
        wide, high = self.get_size_inches()
        return f"picture of {wide:.1f} by {high:.1f} inches; .png() and .svg() are its bytes"

    def _repr_png_(self) -> bytes:
        return self.png(100)

    def _bytes(self, kind: str, dpi: float, metadata: dict[str, Any]) -> bytes:
        out = BytesIO()
        # Without a salt the names of shapes in an SVG are random.
        with mpl.rc_context({"svg.hashsalt": "ringwatch", "svg.fonttype": "path"}):
            self.savefig(out, format=kind, dpi=dpi, metadata=metadata)
        return out.getvalue()


class Canvas:
    """A figure whose one pair of axes is measured in inches from its lower left, and the words on it."""

    def __init__(self, width: float, language: Language) -> None:
        self.width = width
        self.figure = Picture(figsize=(width, 1), facecolor="white")
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, width)
        self.axes.set_axis_off()
        self.language: Language = spoken(language)

    def rise(self, height: float) -> None:
        """Make it so many inches high."""
        self.figure.set_size_inches(self.width, height)
        self.axes.set_ylim(0, height)

    def say(self, x: float, y: float, text: str, size: float = 8, **style: Any) -> Text:
        """Write a line; `$` and unprintable characters of an id have no power over it."""
        clean = "".join(c if c.isprintable() and can_draw(c) else "?" for c in text)
        style = {"color": INK, "va": "center", "fontfamily": families(), **style}
        return self.axes.text(x, y, clean, fontsize=size, parse_math=False, **style)

    def legend(self, signs: Sequence[Artist], bottom: float) -> float:
        """Explain `signs` in rows from `bottom` inches up; the inches that they take."""
        columns = max(1, int((self.width - 2 * SIDE) / 1.95))
        self.figure.legend(
            handles=signs, loc="lower left", bbox_to_anchor=(SIDE, bottom + 0.06),
            bbox_transform=self.figure.dpi_scale_trans, ncols=columns, frameon=False, borderpad=0, borderaxespad=0,
            labelspacing=0.35, handlelength=1.6, columnspacing=1.4, prop={"family": families(), "size": 7},
        )  # fmt: skip
        return 0.2 + 0.17 * -(-len(signs) // columns)

    def word(self, pair: tuple[str, str]) -> str:
        """The one of two words that the picture speaks."""
        return pair[self.language == "en"]


def spoken(language: Language) -> Language:
    """The language that can be drawn here: English where no font has Chinese, and one warning."""
    if language == "zh" and chinese_font() is None:
        _hint()
        return "en"
    return language


@cache
def chinese_font() -> str | None:
    """The family of the best installed font with Chinese characters."""
    there = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE if name in there), None)


@cache
def _hint() -> None:
    warnings.warn(
        "no font with Chinese characters found, so pictures are in English. On Debian: apt-get install fonts-noto-cjk,"
        f" then remove {mpl.get_cachedir()}/fontlist*.json so that matplotlib sees it",
        stacklevel=2,
    )


def families() -> list[str]:
    """Fonts to take each character from, in turn."""
    chinese = chinese_font()
    return ["DejaVu Sans", chinese] if chinese else ["DejaVu Sans"]


@cache
def can_draw(character: str) -> bool:
    """Whether one of our fonts has it: what none has would be an empty box."""
    files = (font_manager.findfont(name) for name in families())
    return any(font_manager.get_font(file).get_char_index(ord(character)) for file in files)


def short(text: str, longest: int = LONGEST) -> str:
    """An id for a label, cut in the middle when it is longer than `longest` columns (a Chinese character takes two)."""
    if wide(text) <= longest:
        return text
    tail = longest // 2
    while tail and wide(text[-tail:]) > longest // 2:
        tail -= 1
    head = longest - 1 - longest // 2
    while head and wide(text[:head]) > longest - 1 - longest // 2:
        head -= 1
    return f"{text[:head]}…{text[-tail:] if tail else ''}"


def wide(text: str) -> int:
    """Columns that a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of at most so many columns, broken between words, or anywhere between Chinese characters."""
    lines = [""]
    for word in re.findall(r"[!-~]+\s*|.", text):
        if lines[-1] and wide((lines[-1] + word).rstrip()) > columns:
            lines.append("")
        lines[-1] += word
    return [line.rstrip() for line in lines]


def on(colour: str) -> str:
    """Black or white, whichever reads better on a colour (WCAG 2 contrast)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else BLACK
