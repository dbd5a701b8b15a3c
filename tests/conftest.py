from hypothesis import settings

settings.register_profile("pointsman", deadline=None)  # that a machine is busy proves nothing
settings.load_profile("pointsman")
