"""What plugins may add: the hooks, what they return, and the registry of what was found."""
