"""What the user's function did, and what it looked at besides its arguments."""
