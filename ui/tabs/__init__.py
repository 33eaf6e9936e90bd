"""The tabs of the page: each file arranges panels and wires their events."""
