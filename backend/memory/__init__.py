"""What a picture needs of a device's memory and of time, worked out without torch."""
