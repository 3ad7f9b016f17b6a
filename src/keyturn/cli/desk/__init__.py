"""What every command on targets begins with: its flags, which targets, reaching them, a yes, and a screen."""
