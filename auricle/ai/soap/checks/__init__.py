"""Typed comparisons of a statement with the spans it cites. Each is a function; none knows the others."""
