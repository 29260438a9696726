"""Arrow tables of whole persons, in and out of the kernels; the same code for a file and for a Spark worker."""
