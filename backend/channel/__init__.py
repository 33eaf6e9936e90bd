"""How the page's process and the engine's process talk."""
