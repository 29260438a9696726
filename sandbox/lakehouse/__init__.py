"""Tables, and the only ways to read them, write them and carry files or persons to the workers."""
