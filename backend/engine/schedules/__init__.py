"""Schedules: how the noise levels are spread over the steps. Each file registers one."""
