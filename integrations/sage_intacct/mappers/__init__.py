"""Where the two vocabularies meet: pure functions, their signatures show both sides."""
