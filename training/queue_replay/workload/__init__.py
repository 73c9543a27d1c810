"""The workload of a past period: exceptions, visits, effort and staffing."""
