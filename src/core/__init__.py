"""What money may do. Knows no technology: standard library, itself and (use cases only) the ports."""
