"""A strict reader of ENVELOPE, BODY and BODYSTRUCTURE after RFC 3501 §9, independent of the writer.

It raises AssertionError where the octets are not of the grammar.
"""

from __future__ import annotations

from typing import Any

Value = Any


class WireReader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def peek(self) -> bytes:
        return self.data[self.at : self.at + 1]

    def take(self, expected: bytes) -> None:
        got = self.data[self.at : self.at + len(expected)]
        assert got == expected, (self.at, expected, got)
        self.at += len(expected)

    def number(self) -> int:
        start = self.at
        while self.peek().isdigit():
            self.at += 1
        assert self.at > start
        return int(self.data[start : self.at])

    def string(self) -> bytes:
        return self.quoted() if self.peek() == b'"' else self.literal()

    def quoted(self) -> bytes:
        self.take(b'"')
        out = bytearray()
        while (octet := self.peek()) != b'"':
            assert octet, "quoted string without end"
            if octet == b"\\":
                self.at += 1
                octet = self.peek()
                assert octet in {b'"', b"\\"}
            assert octet not in {b"\r", b"\n", b"\0"}
            assert octet[0] < 0x80
            out += octet
            self.at += 1
        self.take(b'"')
        return bytes(out)

    def literal(self) -> bytes:
        self.take(b"{")
        size = self.number()
        self.take(b"}\r\n")
        value = self.data[self.at : self.at + size]
        assert len(value) == size
        assert b"\0" not in value
        self.at += size
        return value

    def nstring(self) -> bytes | None:
        if self.peek() == b"N":
            self.take(b"NIL")
            return None
        return self.string()

    def is_nil(self) -> bool:
        if self.peek() == b"N":
            self.take(b"NIL")
            return True
        return False

    def space(self) -> None:
        self.take(b" ")

    def end(self) -> None:
        assert self.at == len(self.data), self.data[self.at :]

    def envelope(self) -> dict[str, Value]:
        self.take(b"(")
        found: dict[str, Value] = {"date": self.nstring()}
        self.space()
        found["subject"] = self.nstring()
        for name in ("from", "sender", "reply_to", "to", "cc", "bcc"):
            self.space()
            found[name] = self.addresses()
        self.space()
        found["in_reply_to"] = self.nstring()
        self.space()
        found["message_id"] = self.nstring()
        self.take(b")")
        return found

    def addresses(self) -> list[tuple[bytes | None, ...]]:
        if self.is_nil():
            return []
        self.take(b"(")
        found = []
        while self.peek() == b"(":
            self.take(b"(")
            values = [self.nstring()]
            for _ in range(3):
                self.space()
                values.append(self.nstring())
            self.take(b")")
            found.append(tuple(values))
        assert found
        self.take(b")")
        return found

    def params(self) -> dict[bytes, bytes]:
        if self.is_nil():
            return {}
        self.take(b"(")
        found: dict[bytes, bytes] = {}
        while True:
            name = self.string()
            self.space()
            found[name] = self.string()
            if self.peek() == b")":
                break
            self.space()
        self.take(b")")
        return found

    def body(self, *, extended: bool) -> dict[str, Value]:
        self.take(b"(")
        multipart = self.peek() == b"("
        found = self.multipart(extended=extended) if multipart else self.single(extended=extended)
        if extended:
            self.space()
            self.tail(found)
        self.take(b")")
        return found

    def multipart(self, *, extended: bool) -> dict[str, Value]:
        children = []
        while self.peek() == b"(":
            children.append(self.body(extended=extended))
        self.space()
        found: dict[str, Value] = {"type": b"multipart", "children": children}
        found["subtype"] = self.string()
        if extended:
            self.space()
            found["params"] = self.params()
        return found

    def single(self, *, extended: bool) -> dict[str, Value]:
        found: dict[str, Value] = {"children": [], "type": self.string()}
        self.space()
        found["subtype"] = self.string()
        self.space()
        found["params"] = self.params()
        for name in ("id", "description"):
            self.space()
            found[name] = self.nstring()
        self.space()
        found["encoding"] = self.string()
        self.space()
        found["size"] = self.number()
        if found["type"] == b"text":
            self.space()
            found["lines"] = self.number()
        elif (found["type"], found["subtype"]) == (b"message", b"rfc822"):
            self.space()
            found["envelope"] = self.envelope()
            self.space()
            found["message"] = self.body(extended=extended)
            self.space()
            found["lines"] = self.number()
        if extended:
            self.space()
            found["md5"] = self.nstring()
        return found

    def tail(self, found: dict[str, Value]) -> None:
        found["disposition"] = None
        if not self.is_nil():
            self.take(b"(")
            value = self.string()
            self.space()
            found["disposition"] = (value, self.params())
            self.take(b")")
        self.space()
        found["language"] = self.language()
        self.space()
        found["location"] = self.nstring()

    def language(self) -> list[bytes]:
        if self.peek() != b"(":
            tag = self.nstring()
            return [] if tag is None else [tag]
        self.take(b"(")
        tags = [self.string()]
        while self.peek() != b")":
            self.space()
            tags.append(self.string())
        self.take(b")")
        return tags


def read_envelope(wire: bytes) -> dict[str, Value]:
    reader = WireReader(wire)
    found = reader.envelope()
    reader.end()
    return found


def read_body(wire: bytes, *, extended: bool) -> dict[str, Value]:
    reader = WireReader(wire)
    found = reader.body(extended=extended)
    reader.end()
    return found


def without_extensions(body: dict[str, Value]) -> dict[str, Value]:
    """Return what BODY is expected to have of a BODYSTRUCTURE."""
    dropped = {"md5", "disposition", "language", "location"}
    if body["children"]:
        dropped.add("params")
    kept = {name: value for name, value in body.items() if name not in dropped}
    kept["children"] = [without_extensions(child) for child in body["children"]]
    if "message" in kept:
        kept["message"] = without_extensions(kept["message"])
    return kept
