"""What minutes, flags and pieces of a session are called, drawn and told as."""
