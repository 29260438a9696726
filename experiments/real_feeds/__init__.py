"""Published files as deliveries under a contract each, and what the rules find out about them."""
