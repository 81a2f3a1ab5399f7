"""axe-core in the browser of a test: what keeps people from using a page."""

from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

GRAVE = ("serious", "critical")


def bring(window: "BrowserContext") -> None:
    """Let each page that is opened have axe, beside its policy, and note what the policy refuses."""
    source = files("axe_playwright_python") / "axe.min.js"
    window.add_init_script(source.read_text("utf-8"))
    window.add_init_script(
        "window.refused = [];"
        "addEventListener('securitypolicyviolation', e => refused.push(e.violatedDirective));"
    )


def faults_of(page: "Page") -> list[str]:
    """Return the grave faults of a page, what its policy refused, and whether it is too wide."""
    found: dict[str, Any] = page.evaluate("() => axe.run()")
    told = [
        f"{fault['id']}: {node['target']}: {node['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]
    told += [f"refused: {what}" for what in page.evaluate("() => window.refused")]
    if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
        told.append("it is wider than its window")
    return told
