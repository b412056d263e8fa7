"""Personal data: keys per person and class, sealed fields, pseudonyms, the access log, erasure."""
