"""Servers that people run, each with contexts that rotate and with the peer where the application finds it."""
