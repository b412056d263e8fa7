"""The pages, on the whole platform. A package, so that what is set up for it ends with its tests."""
