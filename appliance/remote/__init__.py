"""Talks to other machines; owns no rows."""

import sys
from typing import Any, cast

# Paramiko would import it for a line of ssh_config that is never read here, which takes longer than half of the rest.
cast(dict[str, Any], sys.modules).setdefault("invoke", None)
