"""What the ids in facts refer to, and helpers on looks and stacks that every stage uses."""
