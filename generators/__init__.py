"""Generators of what the settings models say: the configuration reference, the JSON Schema and the tables in docs/."""
