"""What a browser is sent: slots, which encoding is in them, retransmissions, and how much it can take."""
