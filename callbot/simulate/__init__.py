"""Customers that answer real SIP calls, and what can be measured on their recordings."""
