"""What happens after a call: SMS and other deliveries, each exactly once."""
