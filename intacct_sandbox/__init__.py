"""A stand-alone sandbox of the Sage Intacct XML gateway, over real HTTP, with a page for people."""
