"""How model files are laid out: their headers, for the library and the engine alike."""
