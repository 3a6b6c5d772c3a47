"""Live SSH sessions between browsers and hosts."""
