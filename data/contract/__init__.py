"""The data contract: one schema a table, its column types, and conversion to them."""
