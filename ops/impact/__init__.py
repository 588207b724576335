"""`python -m ops impact`: what a Pulumi plan means for the people who use a stack."""
