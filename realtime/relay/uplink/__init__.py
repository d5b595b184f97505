"""What a browser sends: the track of each packet, its encodings, and the feedback that goes back."""
