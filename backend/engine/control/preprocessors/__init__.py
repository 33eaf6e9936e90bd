"""What makes maps of pictures, one in each file; registered by `control.registry.preprocessor`."""
