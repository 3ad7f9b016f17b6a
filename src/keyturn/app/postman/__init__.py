"""Collections of Postman's: read, run, told in the words of newman, imported and exported."""
