"""What a stack deploys and who talks to whom, as a picture."""
