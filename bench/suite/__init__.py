"""What is asked: frozen types, and the loader that reads them from TOML. Imports no torch."""
