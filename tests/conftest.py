"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# A test says nothing about time, least of all on a machine that does other work as well.
settings.register_profile("dsv", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dsv")
