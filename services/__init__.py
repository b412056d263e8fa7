"""The services: independent of each other, each with the same kinds of files inside."""
