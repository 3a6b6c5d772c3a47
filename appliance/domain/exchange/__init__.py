"""Workbooks: the address book as xlsx files, out and in (ipam 9)."""
