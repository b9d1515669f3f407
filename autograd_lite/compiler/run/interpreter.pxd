cimport cython

from autograd_lite.compiler.run.cells cimport Call, Cell, backward, backward_taken, forward, push
from autograd_lite.primitives.fused_binary cimport Pair
from autograd_lite.primitives.fused_unary cimport Fused

cdef class Machine:
    cdef public list leaves
    cdef public list cells
    cdef public list back
    cdef public list outputs
    cdef public list guards
    cdef public list wanted
    cdef public list exact
    cdef public list wrt
    cdef public object branches

    @cython.locals(cells=list, given=list, cell=Cell)
    cpdef load(self, tuple blocks)

    @cython.locals(i=Py_ssize_t, cell=Cell, x=double, wanted=double)
    cpdef bint strays(self) except? True

    @cython.locals(cells=list, given=list, cell=Cell)
    cpdef seed(self, tuple blocks)
