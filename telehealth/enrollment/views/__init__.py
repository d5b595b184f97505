"""Pages of enrollment: staff, patients, agreements."""
