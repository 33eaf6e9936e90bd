"""What a LoRA learns from: pictures and captions, read and never changed."""
