"""Turns values of MathWorks' Helm chart into a stack file (`python -m ops import-values`)."""
