"""The meet-in-the-middle engine: both directions' generation over a `Runtime`, from texts to a middle."""
