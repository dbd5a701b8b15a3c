"""What may be asked of whom at this moment; synchronous, in memory, the clock passed in."""
