"""Pages of the sessions: each view calls one service or selector and renders."""
