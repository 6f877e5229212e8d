"""Training: the network as a Keras model; compile, fit, evaluate and predict on it."""
