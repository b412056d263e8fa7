"""The demonstration county: its plan of numbers, its data, and the generator of its four years."""
