"""What the program says about itself: failure points for tests, spans, metrics, logs."""
