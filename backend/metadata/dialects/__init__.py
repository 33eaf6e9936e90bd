"""How each program writes down what its pictures were made with; one file a program.

A file registers a reader by decorating it with `dialect`; there is no list to keep.
"""
