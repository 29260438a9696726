"""The same crossings under every rule: how much the definition alone changes."""
