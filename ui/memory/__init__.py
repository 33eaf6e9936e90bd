"""What the page shows of memory: the plan above Generate, fits in the picker, the panel."""
