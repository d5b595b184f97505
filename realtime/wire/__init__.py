"""Protocol messages, error ids and versions. No Django import."""
