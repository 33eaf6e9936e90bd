"""The hubs of models: searching, looking up, and telling apart what a link means."""
