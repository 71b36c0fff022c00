"""Everything on one machine, for development, demonstrations, tests and benchmarks."""
