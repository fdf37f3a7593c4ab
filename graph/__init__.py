"""What ringwatch exists for: ties, rings, acts and scores. Tables in, tables out; no disk."""
