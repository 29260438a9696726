"""What must never leave: rules that hide cells, secondary suppression, and an attacker who checks both."""
