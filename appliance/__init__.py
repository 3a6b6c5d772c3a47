"""A jump host in one file: five APIs, a web UI and SSH terminals over one SQLite database."""

__version__ = "0.1.0"
