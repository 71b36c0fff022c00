"""One file a resource; a method decodes, asks a use case and answers."""
