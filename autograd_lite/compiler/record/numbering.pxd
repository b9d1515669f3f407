cimport cython

from autograd_lite.engine.nodes cimport LayerInputs, Node
from autograd_lite.engine.tape cimport Tape, used_by
from autograd_lite.primitives.base cimport Op

cdef class Numbering:
    cdef public list nodes
    cdef public list known
    cdef public object moved
    cdef public list ids
    cdef public list informed
    cdef public list used
    cdef public list copied
    cdef public dict early
    cdef public dict fans
    cdef public dict outside
    cdef public dict constants
    cdef public Py_ssize_t start

    @cython.locals(i=Py_ssize_t, copy=Py_ssize_t)
    cpdef Py_ssize_t place(self, Node node)

    @cython.locals(used=tuple, fans=set, k=Py_ssize_t)
    cpdef need(self, list results)

    @cython.locals(i=Py_ssize_t)
    cdef _mark(self, nodes, bytearray live)

    @cython.locals(used=tuple, k=Py_ssize_t)
    cpdef meet(self, note)

    @cython.locals(leaves=dict, number=double)
    cpdef leaf_of(self, x, note)

    cpdef id_of(self, x)

    @cython.locals(node=Node, i=Py_ssize_t)
    cpdef forget(self, int mark)

    @cython.locals(
        node=Node, prim=Op, last=Op, prims=list, args=list, used=tuple, entry=tuple, known=dict, same=dict, k=Py_ssize_t
    )
    cpdef instructions(self, Py_ssize_t first, row, distinct, stop)
