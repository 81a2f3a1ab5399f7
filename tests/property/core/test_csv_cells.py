"""Cells of CSV files: what was guarded comes back, and no spreadsheet takes it for a formula."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from groupware.core.administration.csvfiles.cells import guard, quota_text, read_quota, unguard
from groupware.core.sizes import exact_octets, parse_octets

HOSTILE = st.text(alphabet="=+-@'\"\t\r\n;, aé\N{FULLWIDTH EQUALS SIGN}", max_size=12)


@given(st.text() | HOSTILE)
def test_what_was_guarded_comes_back(text: str) -> None:
    assert unguard(guard(text)) == text


@given(st.text() | HOSTILE, st.sampled_from(",;\t"), st.sampled_from(",;\t"))
def test_no_cell_begins_as_a_formula_whatever_it_is_cut_at(
    text: str, written: str, cut: str
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=written).writerow(["ann", guard(text), "x"])
    for record in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=cut):
        assert not [cell for cell in record if cell.lstrip(' "').startswith(("=", "+", "-", "@"))]


@given(st.integers(min_value=0, max_value=1 << 50))
def test_a_quota_is_read_as_it_was_written(octets: int) -> None:
    assert read_quota(quota_text(octets), 1 << 50) == octets
    assert parse_octets(exact_octets(octets)) == octets
