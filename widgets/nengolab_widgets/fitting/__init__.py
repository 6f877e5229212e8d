"""Training from a panel: what is chosen, what goes on, what a page is told of it."""
