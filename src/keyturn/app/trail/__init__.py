"""The audit trail as a whole: proven, read out, carried elsewhere."""
