"""The only owner of the database, of access rights and of the audit trail; answers over HTTP and in the terminal."""
