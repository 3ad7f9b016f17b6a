"""How fast keyturn is, as ratios taken in one run: against newman, against a bare loop, against the hash itself."""
