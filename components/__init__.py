"""The program: systems, their components, and what they share."""
