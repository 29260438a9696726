"""From persons to population: weights, flows, stocks, small areas, monthly figures that add up."""
