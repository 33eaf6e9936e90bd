"""Pure data that crosses boundaries: requests, jobs, events, catalogue, errors."""
