"""Forward media between the peers of a room and witness who was there. Its own process, no Django."""
