"""One module a check, C01 to C18; C19, that each of them can fail, is in tests/conformance/broken."""
