"""What a picture told of how it was made, drawn for the page."""
