"""Takes over what already runs: a Helm release, or a stack whose state is lost (`python -m ops adopt`)."""
