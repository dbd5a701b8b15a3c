"""What `pointsman doctor` looks at, a file a topic, and what it makes of it."""
