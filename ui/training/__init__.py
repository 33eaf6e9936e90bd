"""The Train tab: what its HTML shows."""
