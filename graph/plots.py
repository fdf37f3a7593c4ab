"""A field of a picture with a scale on each side: what charts are drawn in. Lengths are inches, as on the canvas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from graph.canvas import GREY, PALE

if TYPE_CHECKING:
    from graph.canvas import Canvas

NEAREST = 0.34
"""Inches between two labels of a scale; closer ones would touch."""


@dataclass(frozen=True)
class Field:
    """A rectangle of a canvas on which values `xs` and `ys` (low, high) are drawn."""

    canvas: Canvas
    left: float
    bottom: float
    width: float
    height: float
    xs: tuple[float, float]
    ys: tuple[float, float]

    def x(self, value: float) -> float:
        """Where a value stands, in inches from the left."""
        low, high = self.xs
        return self.left + self.width * (value - low) / ((high - low) or 1.0)

    def y(self, value: float) -> float:
        """Where a value stands, in inches from below."""
        low, high = self.ys
        return self.bottom + self.height * (value - low) / ((high - low) or 1.0)

    def line(self, points: Iterable[tuple[float, float]], colour: str, **style: Any) -> None:
        """A line through points."""
        xy = [(self.x(a), self.y(b)) for a, b in points]
        style = {"linewidth": 1.5, "zorder": 3, **style}
        self.canvas.axes.plot([a for a, _ in xy], [b for _, b in xy], color=colour, **style)

    def bar(self, x: tuple[float, float], y: tuple[float, float], colour: str, **style: Any) -> None:
        """A bar from corner to corner."""
        left, right = sorted((self.x(x[0]), self.x(x[1])))
        low, high = sorted((self.y(y[0]), self.y(y[1])))
        style = {"linewidth": 0, "zorder": 2, **style}
        self.canvas.axes.add_patch(Rectangle((left, low), right - left, high - low, facecolor=colour, **style))

    def below(self, marks: Sequence[tuple[float, str]], *, name: str, grid: bool = True, down: float = 0.13) -> None:
        """Label the scale below the field, leaving out labels that would touch."""
        last = -NEAREST * 10
        for value, said in marks:
            x = self.x(value)
            if x - last < max(NEAREST, 0.075 * len(said)):
                continue
            last = x
            if grid:
                self.canvas.axes.plot([x, x], [self.bottom, self.bottom + self.height], color=PALE, lw=0.6, zorder=0)
            self.canvas.say(x, self.bottom - down, said, 6.5, color=GREY, ha="center", gid=f"{name} {said}")

    def beside(self, marks: Sequence[tuple[float, str]], *, name: str) -> None:
        """Label the scale left of the field."""
        for value, said in marks:
            y = self.y(value)
            self.canvas.axes.plot([self.left, self.left + self.width], [y, y], color=PALE, lw=0.6, zorder=0)
            self.canvas.say(self.left - 0.07, y, said, 6.5, color=GREY, ha="right", gid=f"{name} {said}")


def ticks(low: float, high: float, most: int = 6, *, whole: bool = False) -> list[tuple[float, str]]:
    """Round values between two, with their labels."""
    if not (isfinite(low) and isfinite(high)) or high <= low:
        return [(low, f"{low:g}")]
    found = MaxNLocator(nbins=most, integer=whole).tick_values(low, high)
    return [(float(v), f"{v:,.10g}") for v in found if low - 1e-9 <= v <= high + 1e-9]


def shares(step: float = 0.25) -> list[tuple[float, str]]:
    """Marks from 0 to 1."""
    return [(i * step, f"{i * step:g}") for i in range(round(1 / step) + 1)]


def months(first: date, last: date) -> list[tuple[float, str]]:
    """The first of each month between two days, as ordinals; where there is none, the first day."""
    found = []
    day = first.replace(day=1)
    while day <= last:
        if day >= first:
            found.append((float(day.toordinal()), f"{day:%Y-%m}"))
        day = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return found or [(float(first.toordinal()), f"{first:%Y-%m-%d}")]
