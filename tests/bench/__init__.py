"""Measurements of the program, as ratios where the machine's speed would count otherwise: `make bench`."""
