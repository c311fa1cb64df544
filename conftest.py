"""The cast of all tests, and what they stand on (esa/testing.py: servers, migrated database, browser)."""

pytest_plugins = ["esa.testing"]

# --- The cast ---------------------------------------------------------------------------------------------------------
