"""Functions that JAX's sources define where they call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jax
    import jax.numpy as jnp
    from jax.scipy.special import polygamma  # noqa: F401  (what the shared functions call)


def _number(x):
    """In double precision."""
    return jnp.asarray(x, float)


def _stack(*xs):
    """The operands as one array, along a new first axis."""
    return jnp.stack(jnp.broadcast_arrays(*xs))


def _digamma(x):
    """With its poles: -inf at 0.0, inf at -0.0; and inf at inf."""
    found = jax.scipy.special.digamma(jnp.where(x == jnp.inf, 1.0, x))
    return jnp.where(x == jnp.inf, x, jnp.where(x == 0.0, -jnp.copysign(jnp.inf, x), found))


def _gamma(x):
    """With its poles: inf at 0.0, -inf at -0.0, nan at the negative whole numbers."""
    pole = jnp.where(x == 0.0, jnp.copysign(jnp.inf, x), jnp.nan)
    return jnp.where((x == jnp.floor(x)) & (x <= 0.0), pole, jax.scipy.special.gamma(x))
