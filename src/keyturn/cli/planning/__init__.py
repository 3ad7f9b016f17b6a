"""What a run would do: made, shown, frozen, approved."""
