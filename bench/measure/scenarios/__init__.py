"""How the calls of a timing follow each other, by MLPerf's names. One file a scenario."""
