"""Where other modules still look for the reader of stack files."""

from components.stack import load_file
from components.stack_file import placeholder, stack_name

__all__ = ["load_file", "placeholder", "stack_name"]
