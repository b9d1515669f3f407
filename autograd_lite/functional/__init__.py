"""Functions of functions: derivatives, batches, checkpoints."""

from .checkpoint import checkpoint
from .transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from .vmap import vmap

__all__ = ["checkpoint", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp", "vmap"]
