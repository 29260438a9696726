"""The only door out: a request over exact bytes, two people who approve, one who releases, a log of everything."""
