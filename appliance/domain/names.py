"""How names are compared: look-alikes in width or case are one name."""

import unicodedata


def folded(name: str) -> str:
    """The key under which a login, e-mail or role name is unique (NFKC, case-folded)."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()
