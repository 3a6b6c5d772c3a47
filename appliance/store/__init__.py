"""Where rows live: the engine, the tables and their migrations."""

from appliance.store import address_tables as address_tables
from appliance.store.prepared import Prepared, Row, any_of
from appliance.store.store import Store, Tx

__all__ = ["Prepared", "Row", "Store", "Tx", "any_of"]
