"""Set credit terms and tracks, and freeze them on sessions."""
