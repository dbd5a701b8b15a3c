"""What happens is watched: what leaves the machine, what limits tell, and what is left of keys."""
