"""The state of a room as a value: how changes apply, what a viewer sees, how numbers run. Pure."""
