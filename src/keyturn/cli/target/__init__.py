"""The directories that a run goes against: named, tried, and what each of them can do."""
