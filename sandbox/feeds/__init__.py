"""From a partner's delivery to bronze: contract, reader, row rules, pseudonym, quarantine. One row path, no Spark."""
