"""Credit terms in force, tracks, and what other terms would have done."""
