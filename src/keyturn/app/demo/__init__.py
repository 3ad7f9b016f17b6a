"""The stage of the demo."""
