"""What the panels of a converted network have in common: what they are of, what they write."""
