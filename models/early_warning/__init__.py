"""Early warning: the chance that an order becomes an exception, stage by stage."""
