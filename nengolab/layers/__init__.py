"""TensorNode and Layer: TensorFlow functions and Keras layers in a network."""
