"""Data in, elements out: no request to the service is made here."""
