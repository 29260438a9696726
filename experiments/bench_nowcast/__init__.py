"""How long a backtest of a file takes, part by part, and how good it is: on a made country as hard as a real one."""
