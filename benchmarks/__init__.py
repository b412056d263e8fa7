"""What is measured, and against whom. Each benchmark prints one JSON object on standard output."""
