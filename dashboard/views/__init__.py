"""One page a module, read as a story: ask the client, hand the answer to widgets."""
