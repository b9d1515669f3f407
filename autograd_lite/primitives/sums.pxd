cimport cython

from autograd_lite.primitives cimport lists

cdef extern from "memory.h":
    pass

@cython.locals(out=double, x=double)
cpdef double total(list xs, double start=*) except? -1.0

@cython.locals(out=double, i=Py_ssize_t)
cpdef double affine(list xs, list ws, double start=*) except? -1.0

@cython.locals(pairs=list, a=object, b=list)
cpdef bint same_trees(object now, list then) except -1

cdef bint _same_constant(object a, object b) except -1
