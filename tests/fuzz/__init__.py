"""Inputs made by chance, and what must hold for each: `make fuzz`, `python -m tests.fuzz`."""
