"""The kernel: what every service is built on. No word of the domain but the contracts."""
