"""The jobs around the graph: commands, files, the order of the night, exit codes."""
