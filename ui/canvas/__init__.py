"""The canvas of the page: its markup, and what is selected by a click on it."""
