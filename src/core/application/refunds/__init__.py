"""Captured money on its way back."""
