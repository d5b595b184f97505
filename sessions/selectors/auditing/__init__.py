"""What auditors read: one session, its single facts, one patient over time."""
