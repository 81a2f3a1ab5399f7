"""What templates of the panel write."""
