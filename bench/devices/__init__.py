"""Where a session runs: synchronise, memory, describe. One file a device."""
