"""ControlNet on the page: the units in the settings, and the tab where maps are prepared."""
