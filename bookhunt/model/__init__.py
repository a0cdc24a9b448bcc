"""What things are: frozen values that cannot be built wrong. No I/O, no clock, no await."""
