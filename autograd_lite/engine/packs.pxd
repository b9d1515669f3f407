cimport cython

from autograd_lite.engine.nodes cimport has_float
from autograd_lite.engine.value cimport Value

@cython.locals(node=Value, i=Py_ssize_t)
cpdef bint are_leaves(list nodes)

@cython.locals(node=Value, i=Py_ssize_t)
cpdef read_numbers(list nodes, double[::1] out)

@cython.locals(node=Value, i=Py_ssize_t)
cpdef write_numbers(list nodes, const double[::1] numbers)

@cython.locals(node=Value, i=Py_ssize_t)
cpdef bint read_gradients(list nodes, double[::1] out)

@cython.locals(node=Value, i=Py_ssize_t, g=double)
cpdef write_gradients(list nodes, const double[::1] gradients)

@cython.locals(node=Value, i=Py_ssize_t, g=double, finite=bint)
cpdef bint add_gradients(list nodes, const double[::1] gradients)
