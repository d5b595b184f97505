"""Session descriptions: read, judged, answered, offered."""
