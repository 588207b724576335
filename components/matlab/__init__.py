"""MATLAB Parallel Server (MJS)."""
