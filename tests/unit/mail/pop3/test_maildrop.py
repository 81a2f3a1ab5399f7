from array import array

from mail.pop3.maildrop import Maildrop


def drop(count: int) -> Maildrop:
    numbers = range(1, count + 1)
    return Maildrop(
        array("q", (number * 2 for number in numbers)),
        array("q", (number * 10 for number in numbers)),
        array("q", (number << 48 for number in numbers)),
    )


def test_messages_have_numbers_from_one_on() -> None:
    held = drop(3)
    assert len(held) == held.count == 3
    assert held.octets == 60
    assert held.holds(3)
    assert not held.holds(4)
    assert (held.uid(2), held.size(2), held.email_id(2)) == (4, 20, 2 << 48)


def test_marks_are_set_and_taken_off() -> None:
    held = drop(3)
    held.delete(2)
    assert held.is_deleted(2)
    assert (held.count, held.octets, held.deleted_uids()) == (2, 40, [4])
    assert b"".join(held.scan_listing()) == b"1 10\r\n3 30\r\n"
    held.reset()
    assert not held.is_deleted(2)
    assert (held.count, held.octets, held.deleted_uids()) == (3, 60, [])


def test_unique_ids_are_of_the_email_and_the_uid() -> None:
    held = drop(2)
    assert held.unique_id(1) == "000100000000000000000002"
    held.delete(1)
    assert b"".join(held.unique_ids()) == b"2 000200000000000000000004\r\n"


def test_rows_come_in_pieces_with_numbers_that_go_on() -> None:
    held = drop(4_500)
    assert len(list(held.scan_listing())) == len(list(held.unique_ids())) == 3
    lines = b"".join(held.scan_listing()).splitlines()
    assert lines[0] == b"1 10"
    assert lines[2_000] == b"2001 20010"
    assert lines[-1] == b"4500 45000"
    assert b"".join(held.unique_ids()).splitlines()[-1] == f"4500 {held.unique_id(4500)}".encode()


def test_unique_id_has_seventy_characters_at_most() -> None:
    held = Maildrop(array("q", [2**32 - 1]), array("q", [1]), array("q", [2**62]))
    assert held.unique_id(1) == "4000000000000000ffffffff"


def test_empty_maildrop_lists_nothing() -> None:
    held = drop(0)
    assert list(held.scan_listing()) == list(held.unique_ids()) == []
