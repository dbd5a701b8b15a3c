"""What is known of providers and of the models they serve."""
