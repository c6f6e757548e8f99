"""Reading files that strangers wrote. Knows no accounting system and no Django model."""
