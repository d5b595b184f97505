"""Who was there: the observations a session is credited by, written before they are acted on."""
