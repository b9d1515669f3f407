cimport cython

from autograd_lite.engine.nodes cimport LayerInputs, NaryOperands, Node
from autograd_lite.primitives.base cimport Op

cdef class Tape:
    cdef public int mark
    cdef public Py_ssize_t looks
    cdef public list nodes
    cdef public dict early
    cpdef add(self, Node node)
    @cython.locals(node=Node, nodes=list, i=Py_ssize_t)
    cpdef bint is_touched(self, list leaves)

@cython.locals(tape=Tape)
cpdef notify(Node node)

@cython.locals(a=Node, b=Node, prim=Op)
cpdef tuple used_by(Node node)
