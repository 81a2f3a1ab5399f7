"""Arguments of SEARCH, SORT and THREAD."""

from collections.abc import Callable

from mail.imap.ordering import SortCriterion, SortKey
from mail.imap.requests import Request, Search, Sort, Thread
from mail.imap.results import ReturnOption, Returns
from mail.imap.searchkeys import parse_search, parse_search_in_charset
from mail.imap.threads import ThreadAlgorithm
from mail.imap.wire import ProtocolError, Reader


def take_search(*, by_uid: bool) -> Callable[[Reader], Request]:
    """Return the parser of SEARCH or of its UID form (RFC 3501 §6.4.4, RFC 4466 §2.6.1)."""

    def parse(reader: Reader) -> Request:
        reader.space()
        returns = _return_options(reader)
        return Search(parse_search(reader), by_uid, returns)

    return parse


def take_sort(*, by_uid: bool) -> Callable[[Reader], Request]:
    """Return the parser of SORT or of its UID form (RFC 5256 §5, RFC 5267 §3)."""

    def parse(reader: Reader) -> Request:
        reader.space()
        returns = _return_options(reader)
        criteria = reader.parenthesized(lambda: _criterion(reader), "sort criteria")
        if not criteria:
            raise ProtocolError("Expected a sort criterion.")
        # Among equals of a key the same key decides nothing.
        first = {criterion.key: criterion for criterion in reversed(criteria)}
        kept = tuple(criterion for criterion in criteria if first[criterion.key] is criterion)
        reader.space()
        return Sort(kept, parse_search_in_charset(reader), by_uid, returns)

    return parse


def take_thread(*, by_uid: bool) -> Callable[[Reader], Request]:
    """Return the parser of THREAD or of its UID form (RFC 5256 §5)."""

    def parse(reader: Reader) -> Request:
        reader.space()
        name = reader.word("a threading algorithm")
        if name not in ThreadAlgorithm.__members__:
            raise ProtocolError(f"Unknown threading algorithm {name[:40]}.")
        reader.space()
        return Thread(ThreadAlgorithm[name], parse_search_in_charset(reader), by_uid)

    return parse


def _return_options(reader: Reader) -> Returns | None:
    """Take `RETURN (…) ` if it comes next; without an option it asks for ALL (RFC 4731 §3.1)."""
    if not reader.accept_word(b"RETURN "):
        return None
    options = reader.parenthesized(lambda: _return_option(reader), "return options")
    reader.space()
    return frozenset(options or [ReturnOption.ALL])


def _return_option(reader: Reader) -> ReturnOption:
    name = reader.word("a return option")
    if name not in ReturnOption.__members__:
        raise ProtocolError(f"Unknown return option {name[:40]}.")
    return ReturnOption[name]


def _criterion(reader: Reader) -> SortCriterion:
    name = reader.word("a sort criterion")
    reverse = name == "REVERSE"
    if reverse:
        reader.space()
        name = reader.word("a sort criterion")
    if name not in SortKey.__members__:
        raise ProtocolError(f"Unknown sort criterion {name[:40]}.")
    return SortCriterion(SortKey[name], reverse)
