"""The API's description: OpenAPI 3.1, made from the handlers, the wire types and one example of every exchange."""
