"""The pose editor of the page: its markup."""
