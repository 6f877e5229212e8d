"""Loading TensorFlow, and waiting that can be interrupted: the floor that all rooms stand on."""
