"""The audit as a whole: its catalogue over real runs, tampering, faults of the store, exports."""
