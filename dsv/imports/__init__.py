"""Importing data from outside: a web server, a bucket, a place on this machine."""
