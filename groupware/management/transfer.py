"""What `import` and `export` tell a person, or a machine, of a transfer."""

from django.core.management.base import OutputWrapper

from groupware.core.exchange import Transferred
from groupware.management.base import Answer
from groupware.management.progress import Progress
from groupware.management.tables import counted, printable


class Report:
    """Takes in what goes wrong with single items; tells it at once where a person reads."""

    def __init__(self, progress: Progress, stdout: OutputWrapper, *, is_json: bool) -> None:
        self._progress = progress
        self._stdout = stdout
        self._is_json = is_json
        self._notes: list[str] = []
        self._broken: list[dict[str, str]] = []
        self._broken_count = 0

    def progress(self, text: str, share: float) -> None:
        """Show it on a terminal."""
        self._progress.show(text, share)

    def broken(self, where: str, why: str) -> None:
        """Tell of an item that is left out, and count it."""
        self._broken_count += 1
        if self._is_json:
            self._broken.append({"where": where, "why": why})
        else:
            self._tell(f"{where}: {why}")

    def note(self, text: str) -> None:
        """Tell something that is no fault."""
        if self._is_json:
            self._notes.append(text)
        else:
            self._tell(f"Note: {text}")

    def _tell(self, line: str) -> None:
        self._progress.clear()
        self._stdout.write(printable(line))
        self._stdout.flush()

    def answer(self, done: Transferred, words: dict[str, str], more: dict[str, object]) -> Answer:
        """Return the counts, with `words` for each; what was left out or stopped is a fault."""
        data = more | {
            "collections": {
                name: {what: counts[what] for what in words} for name, counts in done.counts.items()
            },
            "broken": self._broken,
            "notes": self._notes,
            "stopped": done.stopped,
        }
        lines = [
            f"{printable(name)}: {_in_words(counts, words)}"
            for name, counts in sorted(done.counts.items())
        ]
        totals = {what: done.total(what) for what in words}
        lines.append(f"Altogether: {_in_words(totals, words)}.")
        return Answer(data, "\n".join(lines), self._fault(done.stopped))

    def _fault(self, stopped: str) -> str:
        """Return one line of what is left to do."""
        parts = []
        if self._broken_count:
            parts.append(f"{counted(self._broken_count, 'item')} left out, as said above")
        if stopped:
            parts.append(f"{stopped} Then run the same again: it goes on there.")
        return "; ".join(parts)


def _in_words(counts: "dict[str, int]", words: dict[str, str]) -> str:
    return ", ".join(f"{counts[what]} {word}" for what, word in words.items())
