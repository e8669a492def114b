"""What the help of the fur lab says before its keys."""

ABOUT = (
    "Each field is a grid of cells, drawn in colours from its least to its greatest value; the line above it names "
    "its true range. In a fur run the activator a makes itself and eats the substrate s; where a stays high it "
    "switches on the marker y, the pigment. Without seeds a dies out: press i, move with the arrows, and plant some "
    "with enter, or click into the field: the brush plants into the field that seeds grow in; n chooses another for "
    "it while it is on. Right: least, mean and greatest value over time; the spectrum, which tells how wide the "
    "pattern's waves are; and numbers: what the field looks like (extinct, uniform, noise, still changing, steady, "
    "oscillating), and its spots and wavelength once it is a pattern. A predicted wavelength comes from linear "
    "stability: that of the waves which grow fastest out of a uniform state; o shows how fast each wave grows, with "
    "the measured spectrum under it, then the cell at the cursor over time, and its row. T runs all on with half "
    "the time step, another stencil and finer cells, and says how far they part. j and k look back, b branches there. "
    "M shows a parameter as a map, with n the next one, and the brush paints on it, live; "
    "E opens the equations of the model: they are checked as you type, and the run goes on under the new ones."
)
