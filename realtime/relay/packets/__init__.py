"""Numbers and bytes of RTP and RTCP. No state of rooms, no sockets, no time of its own."""
