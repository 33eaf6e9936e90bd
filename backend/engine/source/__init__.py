"""Drawing that begins with a picture."""
