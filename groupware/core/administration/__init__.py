"""What administrators do, by role and confined to their domains: for the API and the panel.

Everything here goes by an `Administrator`: what it names, it finds through him alone, so that no path
leads beyond his domains. What it does runs in `administer`, which lets the audit log know who did it.
"""

from groupware.core.administration.administrator import Administrator, By, administer

__all__ = ["Administrator", "By", "administer"]
