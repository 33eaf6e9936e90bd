"""What ComfyUI's graphs say of a picture: walked from its sampler back, never guessed."""
