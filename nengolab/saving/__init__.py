"""Parameters, state and training in files, by name, without pickle."""
