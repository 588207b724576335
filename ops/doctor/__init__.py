"""`python -m ops doctor`: what is wrong in a deployed cluster, why, and what to do about it. It only reads."""
