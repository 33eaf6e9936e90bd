"""What a person meets: the page, made of Gradio's components and a few of our own."""
