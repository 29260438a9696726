"""From presence and crossings to residence: homes, changes of usual residence, temporary spells."""
