"""The compiled data plane: what every packet goes through, in one C file; docs/relay.md tells of it."""
