"""The compiled function itself: plans, the checks of a call, its results."""
