"""Puts what is in a handout on paper: letters, slips, lists to sign."""
