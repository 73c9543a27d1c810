"""Analysis of simulated queues: costs, intervals, validation, sensitivity, report."""
