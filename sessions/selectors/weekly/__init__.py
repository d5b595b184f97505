"""Where patients stand in their weeks, who stays away and what could still be made up."""
