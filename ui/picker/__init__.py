"""The model picker, drawn on the server: its lists, what it tells of a model, and its routes."""
