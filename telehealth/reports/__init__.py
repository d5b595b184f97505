"""Reports over a range of service dates: read-only pages, their CSV files and what they print."""
