"""The life of a team in chapters, as one admin drives it by clicking and typing.

`desk` is the admin's browser, which looks at each kind of page once with axe; the others are told in
the order of `tests/browser/test_life_of_a_team.py`.
"""
