"""Lines of the result: medians, ratios, a table in Markdown, and where it is written."""

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
OURS = "ours"

Results = Mapping[str, Mapping[str, Sequence[float]]]
"""Figures of each round by peer and by line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; of a rate more is better, of seconds and octets less."""

    key: str
    text: str
    unit: str = "s"

    @property
    def is_rate(self) -> bool:
        """Tell whether more is better."""
        return self.unit == "a second"

    def ratio(self, ours: float, theirs: float) -> float:
        """Return how many times better ours is."""
        return ours / theirs if self.is_rate else theirs / ours

    def show(self, figure: float) -> str:
        """Return a figure with its unit."""
        if self.is_rate:
            return f"{figure:,.0f}/s"
        if self.unit == "octets":
            return f"{figure / 1024:,.0f} KiB"
        if figure < 1e-3:
            return f"{figure * 1e6:,.0f} µs"
        return f"{figure * 1e3:,.3g} ms" if figure < 1 else f"{figure:,.2f} s"


@dataclass(frozen=True, slots=True)
class Chapter:
    """What the document says of one suite; `apart` names lines that the mean is told without too."""

    name: str
    heading: str
    title: str
    lines: tuple[Line, ...]
    apart: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def chart(self) -> Path:
        """Where the chart is."""
        return DOCUMENT.with_name(f"benchmarks-{self.name}.svg")

    @property
    def marks(self) -> tuple[str, str]:
        """What stands before and behind what is written."""
        return (
            f"<!-- {self.name}, written by `make bench`: begin -->",
            f"<!-- {self.name}, written by `make bench`: end -->",
        )

    @property
    def texts(self) -> dict[str, str]:
        """The texts of the lines."""
        return {line.key: line.text for line in self.lines}


def medians(results: Results, line: Line) -> dict[str, float]:
    """Return the median of the rounds for each peer that has the line."""
    return {
        peer: statistics.median(figures[line.key])
        for peer, figures in results.items()
        if figures.get(line.key)
    }


def ratios(chapter: Chapter, results: Results) -> dict[str, float]:
    """Return how many times better ours is than the best of the others, where both are there."""
    found = {}
    for line in chapter.lines:
        figures = medians(results, line)
        ours = figures.pop(OURS, None)
        if ours is not None and figures:
            found[line.key] = min(line.ratio(ours, theirs) for theirs in figures.values())
    return found


def table(chapter: Chapter, results: Results, missing: Mapping[str, str]) -> str:
    """Return the result as a table in Markdown."""
    found = ratios(chapter, results)
    peers = list(results)
    heads = [*peers, "ratio"] if len(peers) > 1 else peers
    lines = [f"| load | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for line in chapter.lines:
        figures = medians(results, line)
        if not figures:
            continue
        cells = [line.show(figures[peer]) if peer in figures else "missing" for peer in peers]
        if len(peers) > 1:
            cells.append(f"{found[line.key]:.2f}" if line.key in found else "")
        lines.append(f"| {line.text} | {' | '.join(cells)} |")
    lines += [f"\nMissing: {reason}." for reason in dict.fromkeys(missing.values())]
    return "\n".join([*lines, "", summary(chapter, found)]) if found else "\n".join(lines)


def summary(chapter: Chapter, found: Mapping[str, float]) -> str:
    """Return the geometric mean of the ratios, and what lies below 1."""
    mean = f"{statistics.geometric_mean(found.values()):.2f}"
    for name, keys in chapter.apart.items():
        others = [ratio for key, ratio in found.items() if key not in keys]
        if others:
            mean += f" ({statistics.geometric_mean(others):.2f} without {name})"
    below = sorted((ratio, key) for key, ratio in found.items() if ratio < 1)
    listed = "; ".join(f"{chapter.texts[key]} {ratio:.2f}" for ratio, key in below)
    return f"Geometric mean of the ratios: {mean}. Below 1: {listed or 'none'}."


def write(chapter: Chapter, section: str) -> None:
    """Put the section between its marks in the document; the rest of it stays as it is."""
    text = DOCUMENT.read_text()
    begin, end = chapter.marks
    marked = f"{begin}\n\n{section.strip()}\n\n{end}"
    old = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
    if old.search(text):
        text = old.sub(lambda _: marked, text)
    else:
        text = text.replace("# Benchmarks\n", f"# Benchmarks\n\n{chapter.heading}\n\n{marked}\n", 1)
    DOCUMENT.write_text(text)
