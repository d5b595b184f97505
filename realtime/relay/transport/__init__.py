"""From a datagram to an authentic packet and back: one UDP port, ICE lite, DTLS, SRTP."""
