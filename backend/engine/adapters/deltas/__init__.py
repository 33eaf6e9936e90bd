"""The kinds of changes that adapters make to a weight, one file each."""
