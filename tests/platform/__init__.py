"""The whole platform, by its public API. A package, so that what is set up for it ends with its tests."""
