"""The rules of keyturn: standard library only, synchronous, no input or output of its own."""
