"""What Keras' own tests build, read in many ways that must all say the same."""
