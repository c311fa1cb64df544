"""The project: wiring, and what knows nothing of people or posts."""
