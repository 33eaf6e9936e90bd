"""Parts of the page: each file has `build`, which returns a frozen dataclass of components."""
