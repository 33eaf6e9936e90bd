"""LoRAs in the settings: those that are on, and the dialog that offers more."""
