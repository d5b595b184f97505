"""The compiled data plane: what simply goes on, taken in and sent by two C files; see docs/relay.md."""
