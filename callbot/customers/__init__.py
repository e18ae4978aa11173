"""What the shop knows of its customers: orders."""
