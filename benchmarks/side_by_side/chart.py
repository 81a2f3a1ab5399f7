"""The ratios as a bar chart in SVG, readable on light and dark pages."""

import math
from collections.abc import Mapping
from html import escape

ROW = 22
LABELS = 310
BARS = 420
RIGHT = 60
TOP = 44
STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.axis { stroke: #8c959f; stroke-width: 1 }
.better { fill: #2da44e } .worse { fill: #cf6a1b }
@media (prefers-color-scheme: dark) {
  text { fill: #d0d7de } .axis { stroke: #6e7681 }
  .better { fill: #3fb950 } .worse { fill: #f0883e }
}"""


def draw(title: str, ratios: Mapping[str, float], texts: Mapping[str, str]) -> str:
    """Return a bar for each ratio, to the right of 1 where it is better, on a logarithmic scale."""
    logarithms = [math.log2(ratio) for ratio in ratios.values()]
    low = math.floor(min(-1.0, *logarithms))
    high = math.ceil(max(1.0, *logarithms))
    scale = BARS / (high - low)
    every = max(1, (high - low) // 7)
    height = TOP + ROW * len(ratios) + 12
    width = LABELS + BARS + RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        *(
            _grid(step, LABELS + (step - low) * scale, height)
            for step in range(low, high + 1)
            if step % every == 0
        ),
    ]
    for row, (key, ratio) in enumerate(ratios.items()):
        parts.append(_bar(TOP + ROW * row, texts[key], ratio, LABELS - low * scale, scale))
    return "\n".join([*parts, "</svg>", ""])


def _grid(step: int, x: float, height: int) -> str:
    dashes = "" if step == 0 else ' stroke-dasharray="2 4"'
    label = f"{2**step}x" if step >= 0 else f"1/{2**-step}x"
    return (
        f'<line class="axis" x1="{x:.1f}" y1="28" x2="{x:.1f}" y2="{height - 8}"{dashes}/>'
        f'<text x="{x:.1f}" y="20" text-anchor="middle">{label}</text>'
    )


def _bar(y: int, text: str, ratio: float, origin: float, scale: float) -> str:
    length = abs(math.log2(ratio)) * scale
    x = origin if ratio >= 1 else origin - length
    kind = "better" if ratio >= 1 else "worse"
    return (
        f'<text x="{LABELS - 12}" y="{y + 14}" text-anchor="end">{escape(text)}</text>'
        f'<rect class="{kind}" x="{x:.1f}" y="{y + 3}" width="{length:.1f}" height="{ROW - 7}"/>'
        f'<text x="{max(x + length, origin) + 6:.1f}" y="{y + 14}">{ratio:.2f}</text>'
    )
