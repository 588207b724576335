"""What an operator runs: `python -m ops`."""
