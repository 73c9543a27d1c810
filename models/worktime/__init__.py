"""Working hours: shifts of teams, and clocks that count inside them."""
