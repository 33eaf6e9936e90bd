"""What a picture's file says about how it was made, written and read."""
