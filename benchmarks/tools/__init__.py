"""What benchmarks measure with. Tests use some of it, too."""
