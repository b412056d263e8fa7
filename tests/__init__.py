"""The tests. Those of a part are in the folder of its name; ``tests.given`` is the sentence for deciders."""
