"""What panels look up rather than watch: specs whose numbers come of `nengolab.inspect`."""
