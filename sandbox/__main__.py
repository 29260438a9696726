"""`python -m sandbox`: the same as the console script."""

from sandbox.cli.main import main

if __name__ == "__main__":
    main()
