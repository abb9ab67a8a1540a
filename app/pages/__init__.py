"""One file a page; each has TITLE and build(engine)."""
