"""HTTP machinery without a noun of the domain."""
