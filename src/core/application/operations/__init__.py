"""Operations: attempted, recorded, resolved."""
