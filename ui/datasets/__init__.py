"""The pictures that a LoRA learns from, as the page shows them."""
