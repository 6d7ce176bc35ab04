// Room laid out; its first type arrives with the next commits.
