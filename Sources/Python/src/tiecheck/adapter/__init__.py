"""Lets a checker ask a Python model: one module for each framework. `one_file` makes one file of them."""
