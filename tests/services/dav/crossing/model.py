"""Who may see and change what, told from the words of grants alone: knows nothing of the server.

Words are what `manage.py grant` takes. A grant on the account counts for each of its collections.
"""

from dataclasses import dataclass

READ, WRITE = frozenset("r"), frozenset("ritw")
_LETTERS = {"read": READ, "write": WRITE}
_OF_DELEGATES = {"delegate-read": READ, "delegate-write": WRITE}
_NAMED = {"free-busy", "private", "manage"}


@dataclass(frozen=True)
class Held:
    """What the user holds on one collection of somebody else's."""

    letters: frozenset[str] = frozenset()
    free_busy: bool = False
    private: bool = False
    manages: bool = False

    @property
    def knows(self) -> bool:
        """Whether the collection is there for him."""
        return "r" in self.letters or self.free_busy or self.manages

    @property
    def reads(self) -> bool:
        # Who manages may grant himself everything.
        return self.knows and ("r" in self.letters or self.manages)

    def sees(self, classification: str, *, whole: bool) -> bool:
        """Tell whether an object of a class is there for him, or shown whole."""
        if not self.reads:
            return False
        if self.private or self.manages or classification == "PUBLIC":
            return True
        return classification == "CONFIDENTIAL" and not whole

    def may(self, letter: str) -> bool:
        """Tell whether he may add (i), remove (t), or change (w)."""
        return self.knows and (letter in self.letters or self.manages)


def hold(words: str, account_words: str, *, is_calendar: bool) -> Held:
    """Return what grants on a collection and on its account give together."""
    letters: set[str] = set()
    named: set[str] = set()
    for word in f"{words} {account_words}".split():
        if word in _OF_DELEGATES:
            letters |= _OF_DELEGATES[word] if is_calendar else set()
        elif word in _NAMED:
            named.add(word)
        else:
            letters |= _LETTERS.get(word, frozenset(word))
    return Held(frozenset(letters), "free-busy" in named, "private" in named, "manage" in named)
