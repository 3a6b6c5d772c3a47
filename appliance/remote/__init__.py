"""Talks to other machines; owns no rows."""
