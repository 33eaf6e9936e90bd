"""What the pictures of a grid are: typed values, what they change, and the order of drawing."""
