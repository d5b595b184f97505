"""The process around the relay: messages, sockets, command line, signals, health."""
