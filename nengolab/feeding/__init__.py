"""Data as a person gives them -> what Keras takes: matched, checked, weighed, filled."""
