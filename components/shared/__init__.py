"""What all systems use."""
