"""Take facts in and decide attendance from them."""
