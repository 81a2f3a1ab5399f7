"""Lines of the result: medians, ratios, a table in Markdown, and where it is written."""

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
CHART = DOCUMENT.with_name("benchmarks-imap.svg")
HEADING = "## IMAP beside Dovecot"
BEGIN = "<!-- written by `make bench`: begin -->"
END = "<!-- written by `make bench`: end -->"

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


LINES = (
    Line("append.one", "APPEND, one connection", "a second"),
    Line("append.four", "APPEND, four connections", "a second"),
    Line("fetch.metadata", "FETCH metadata, envelope, structure: warm"),
    Line("fetch.metadata.cold", "FETCH metadata, envelope, structure: cold"),
    Line("fetch.header", "FETCH four header fields: warm"),
    Line("fetch.header.cold", "FETCH four header fields: cold"),
    Line("fetch.flags", "FETCH UID FLAGS"),
    Line("bodies.one", "1,000 bodies, one command"),
    Line("bodies.each", "1,000 bodies, one at a time", "a second"),
    Line("search.text", "SEARCH TEXT"),
    Line("search.subject", "SEARCH SUBJECT"),
    Line("sort.date", "SORT DATE"),
    Line("thread.first", "THREAD REFERENCES, first"),
    Line("thread.again", "THREAD REFERENCES, again"),
    Line("store.silent", "STORE on all, silent"),
    Line("store.told", "STORE on all, with responses"),
    Line("store.each", "STORE on one, 1,000 times", "a second"),
    Line("copy.all", "COPY all"),
    Line("expunge.all", "EXPUNGE all"),
    Line("login.one", "login, SELECT, LOGOUT", "a second"),
    Line("login.four", "login, SELECT, LOGOUT, four at once", "a second"),
    Line("noop.rate", "NOOP", "a second"),
    Line("noop.p50", "NOOP, median"),
    Line("idle.notice", "IDLE: notice of another's APPEND, median"),
    Line("memory.idle", "memory of an idle IDLE connection", "octets"),
)


def ratios(results: Results, ours: str = "ours", theirs: str = "dovecot") -> dict[str, float]:
    """Return how many times better ours is, for each line that both have."""
    return {
        line.key: line.ratio(median(results, ours, line.key), median(results, theirs, line.key))
        for line in LINES
        if results.get(ours, {}).get(line.key) and results.get(theirs, {}).get(line.key)
    }


def median(results: Results, peer: str, key: str) -> float:
    """Return the median of the rounds."""
    return statistics.median(results[peer][key])


def table(results: Results, missing: Mapping[str, str]) -> str:
    """Return the result as a table in Markdown."""
    found = ratios(results)
    peers = list(results)
    heads = [*peers, "ratio"] if len(peers) > 1 else peers
    lines = [f"| load | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for line in LINES:
        figures = [results[peer].get(line.key) for peer in peers]
        if not any(figures):
            continue
        cells = [line.show(statistics.median(held)) if held else "missing" for held in figures]
        if len(peers) > 1:
            cells.append(f"{found[line.key]:.2f}" if line.key in found else "")
        lines.append(f"| {line.text} | {' | '.join(cells)} |")
    lines += [f"\nMissing: {reason}." for reason in dict.fromkeys(missing.values())]
    return "\n".join([*lines, "", summary(found)]) if found else "\n".join(lines)


def summary(found: Mapping[str, float]) -> str:
    """Return the geometric mean of the ratios, and what lies below 1."""
    mean = statistics.geometric_mean(found.values())
    others = [ratio for key, ratio in found.items() if key not in {"idle.notice", "memory.idle"}]
    without = f" ({statistics.geometric_mean(others):.2f} without IDLE's two)" if others else ""
    below = sorted((ratio, key) for key, ratio in found.items() if ratio < 1)
    texts = {line.key: line.text for line in LINES}
    listed = "; ".join(f"{texts[key]} {ratio:.2f}" for ratio, key in below)
    return f"Geometric mean of the ratios: {mean:.2f}{without}. Below 1: {listed or 'none'}."


def write(section: str) -> None:
    """Put the section between the markers of the document; the rest of it stays as it is."""
    text = DOCUMENT.read_text()
    marked = f"{BEGIN}\n\n{section.strip()}\n\n{END}"
    old = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.DOTALL)
    if old.search(text):
        text = old.sub(lambda _: marked, text)
    else:
        text = text.replace("# Benchmarks\n", f"# Benchmarks\n\n{HEADING}\n\n{marked}\n", 1)
    DOCUMENT.write_text(text)
