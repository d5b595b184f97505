"""Facts, the evidence made of them, and what was computed from it."""
