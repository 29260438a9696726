"""What the undecided will turn out to be: probabilities, monthly totals, intervals from past errors."""
