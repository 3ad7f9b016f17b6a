"""`keyturn postman`: collections, run with newman's flags, turned into targets, and made for others."""
