"""Where rows live: the engine, the tables and their migrations."""

from appliance.store import address_tables as address_tables
from appliance.store.changes import Change
from appliance.store.prepared import Prepared, Row, any_of
from appliance.store.store import Store
from appliance.store.tx import Tx

__all__ = ["Change", "Prepared", "Row", "Store", "Tx", "any_of"]
