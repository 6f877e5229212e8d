"""A Lab of a source: its text, where it is kept, what it made, and edits by drawing."""
