"""Where rows live: the engine, the tables and their migrations."""

from appliance.store import address_tables as address_tables
from appliance.store.store import Row, Store, Tx, sqlite_url

__all__ = ["Row", "Store", "Tx", "sqlite_url"]
