"""Where pictures go on disk, and how they get there whole."""
