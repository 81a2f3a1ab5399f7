"""Charts, drawn on the server as SVG: no script, no asset, and colours of the page's style. Pure.

A chart is one picture to a screen reader: its title, and a text that says what matters of it; each
column and bar also has a `<title>`, which a pointer shows. Colours are classes of panel.css.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import count

WIDTH, HEIGHT = 440, 190
LEFT, RIGHT, TOP, BOTTOM = 34, 4, 8, 22
STEPS = (1, 2, 2.5, 5, 10)
"""What the lines of a scale may be apart, times a power of ten."""
LINES = 4
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Series:
    """One row of figures; `name` is read by people, `level` a colour: main, second, good, bad."""

    name: str
    values: Sequence[float]
    level: str = "main"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a ranking; `share` of 1 is its length, `shown` the figure as it is read."""

    label: str
    shown: str
    share: float
    href: str = ""


def columns(title: str, told: str, labels: Sequence[str], series: Sequence[Series]) -> str:
    """Return columns that stand on each other, one for each label; `told` says it in words.

    Every series has a value, not below 0, for each label. Raises ValueError where one has not.
    """
    if any(len(one.values) != len(labels) for one in series):
        raise ValueError("a series has as many values as there are labels")
    sums = [sum(column) for column in zip(*(one.values for one in series), strict=True)]
    top = scale(max(sums, default=0))
    parts = [*_grid(top), *_ticks(labels), *_columns(labels, series, top)]
    return _picture(title, told, f"0 0 {WIDTH} {HEIGHT}", parts)


def ranking(title: str, told: str, bars: Sequence[Bar]) -> str:
    """Return bars that lie below each other, each with its label and its figure."""
    parts = []
    for number, bar in enumerate(bars):
        y = number * 44
        width = max(0.0, min(1.0, bar.share)) * WIDTH
        label = f'<text class="label" x="0" y="{y + 14}">{escape(bar.label)}</text>'
        if bar.href:
            label = f'<a href="{escape(bar.href)}">{label}</a>'
        parts += [
            label,
            f'<text class="figure" x="{WIDTH}" y="{y + 14}">{escape(bar.shown)}</text>',
            f'<rect class="track" x="0" y="{y + 21}" width="{WIDTH}" height="8" rx="4"/>',
            f'<rect class="main" x="0" y="{y + 21}" width="{width:.1f}" height="8" rx="4"/>',
        ]
    # What has links in it is no picture to a reader, but a group of things.
    role = "group" if any(bar.href for bar in bars) else "img"
    return _picture(title, told, f"0 0 {WIDTH} {max(1, len(bars)) * 44 - 8}", parts, role)


def scale(largest: float) -> float:
    """Return where a scale ends that has room for a figure and four lines at even numbers."""
    if largest <= 0:
        return float(LINES)
    power = 10.0 ** (len(f"{int(largest / LINES)}") - 1)
    step = next(power * one for one in (*STEPS, 20) if power * one * LINES >= largest)
    return max(1.0, step) * LINES


def short(figure: float) -> str:
    """Return a figure as a scale shows it: 12, 2.5k, 3M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if figure >= size:
            return f"{figure / size:.1f}".removesuffix(".0") + unit
    return f"{figure:.1f}".removesuffix(".0")


def _grid(top: float) -> Iterator[str]:
    for line in range(LINES + 1):
        y = HEIGHT - BOTTOM - line * (HEIGHT - TOP - BOTTOM) / LINES
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        text = escape(short(top * line / LINES))
        yield f'<text class="tick end" x="{LEFT - 6}" y="{y + 4:.1f}">{text}</text>'


def _ticks(labels: Sequence[str]) -> Iterator[str]:
    """Yield as many labels as have room."""
    every = max(1, -(-len(labels) // 7))
    for number in range(0, len(labels), every):
        x = LEFT + (number + 0.5) * _step(labels)
        yield f'<text class="tick mid" x="{x:.1f}" y="{HEIGHT - 6}">{escape(labels[number])}</text>'


def _columns(labels: Sequence[str], series: Sequence[Series], top: float) -> Iterator[str]:
    step = _step(labels)
    room = HEIGHT - TOP - BOTTOM
    for number, label in enumerate(labels):
        y = float(HEIGHT - BOTTOM)
        x = LEFT + number * step + step * 0.15
        told = ", ".join(f"{one.name} {short(one.values[number])}" for one in series)
        drawn = []
        for one in series:
            height = one.values[number] / top * room
            y -= height
            if height:
                drawn.append(
                    f'<rect class="{escape(one.level)}" x="{x:.1f}" y="{y:.1f}"'
                    f' width="{step * 0.7:.1f}" height="{height:.1f}"/>'
                )
        yield f"<g><title>{escape(f'{label}: {told}')}</title>{''.join(drawn)}</g>"


def _step(labels: Sequence[str]) -> float:
    return (WIDTH - LEFT - RIGHT) / max(1, len(labels))


def _picture(title: str, told: str, box: str, parts: Sequence[str], role: str = "img") -> str:
    number = next(_numbers)
    names = f"chart{number}-title", f"chart{number}-told"
    return (
        f'<svg class="chart" viewBox="{box}" role="{role}" aria-labelledby="{names[0]} {names[1]}">'
        f'<title id="{names[0]}">{escape(title)}</title>'
        f'<desc id="{names[1]}">{escape(told)}</desc>{"".join(parts)}</svg>'
    )
