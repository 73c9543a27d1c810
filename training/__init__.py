"""Learn, measure, promote: the batch programs of the data scientist."""
