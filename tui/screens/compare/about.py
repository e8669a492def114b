"""What the help of the Compare screen begins with."""

ABOUT = (
    "Runs side by side, each with a letter. Above: one number of all of them over epochs or steps (m chooses which; "
    "the run under the cursor is in front, and z shows where the curves end), or with v their confusion matrices, "
    "their areas under ROC and precision-recall with the error of calibration, or their last patterns. "
    "Below: the parameters that differ, and the results; "
    "the best value of a column has a star, and the arrows left and right show more columns. c trains the course's "
    "four networks and scikit-learn's, or takes them from what was recorded; while it is under way, space pauses and c "
    "stops it, and c again goes on. p puts any runs beside them; d takes one out; nothing is deleted."
)
