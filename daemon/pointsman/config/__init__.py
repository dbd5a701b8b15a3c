"""What the user has written down: the file, read and checked once, as one frozen value."""
