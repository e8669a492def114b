"""What the screens are made of: pure drawing functions and the widgets around them."""
