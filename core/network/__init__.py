"""A multi-layer perceptron in plain NumPy: data, model, optimisers, training, evaluation."""
