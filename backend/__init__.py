"""Everything behind the page: schema, services, jobs, engine."""
