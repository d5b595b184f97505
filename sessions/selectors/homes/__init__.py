"""What the first pages of patients and staff show."""
