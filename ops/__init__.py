"""Day-2 commands."""
