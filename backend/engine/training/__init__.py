"""Teaching a checkpoint something new as a LoRA."""
