"""Reference vocabularies, schools, hosts and the pathways on offer."""
