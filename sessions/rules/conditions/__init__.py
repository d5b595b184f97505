"""Credit terms, packs of them and what each service type counts for (domain.md 1.2 and 3.2)."""
