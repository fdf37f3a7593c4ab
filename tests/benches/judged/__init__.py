"""The parts of `tests/benches/quality.py`: markets, methods beside ours, what is left out of ours, figures, page."""
