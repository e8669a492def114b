"""What the help of the network lab begins with."""

ABOUT = (
    "A network learns from examples. Left: loss and accuracy after each epoch, on the data it trains on and on data "
    "it does not see (validation); each curve ends in its name and last value, a star is at the best epoch, a pen at "
    "an edit. Below: the numbers of the epoch that is looked at, and the parameters that differ from the preset. "
    "Right: what it says about the test set. Matrix: rows are the true classes, columns what the network says; all "
    "that is off the diagonal is a mistake, and enter shows those samples. Report: precision, recall and f1 of each "
    "class, ours beside scikit-learn's MLPClassifier. Digits, or Sample for data that is no picture: one by one, with "
    "its probabilities; in Sample keys move a value and they follow. Plane: what the network says all over the plane "
    "of two features, or the samples by their main components. Units: what each hidden unit responds to. Trust: ROC, "
    "precision and calibration. Draw: a digit of your own. Microscope: every number of one sample on its way through "
    "the network. , and . go from panel to panel. L looks for a learning rate, P maps the loss around the run, B "
    "races several edits from one epoch. Look back at earlier epochs with j and k, and start a branch there with b: "
    "it goes on exactly as the run did from there, but for what you edit. The line below the numbers says what they "
    "mean, where a rule is sure, and T tries what it advises. Health: gradients, weights and activations of each "
    "layer."
)
