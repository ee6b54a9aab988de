"""Small models, trained alike but for one thing, to answer questions about the method; see the README."""
