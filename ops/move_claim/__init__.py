"""Moves the data of one claim to another one."""
