"""Plugins: the hooks that they implement, the specs that hooks return, and the registry of all specs."""
