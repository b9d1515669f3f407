cimport cython

from autograd_lite.engine cimport turns
from autograd_lite.engine.nodes cimport CheckpointOperands, GradientSink, Info, LayerInputs, NaryOperands, Node, State, has_float
from autograd_lite.primitives.base cimport Op, Operand, Shortcut

cdef class Sweeps:
    cdef public int epoch
    cpdef int next(self)

cdef Sweeps _sweeps
cdef State _state
cdef Shortcut _shortcut
cdef object _lock

@cython.locals(
    node=Node, a=Node, b=Node, operand=Node, fan=LayerInputs, many=NaryOperands, result=list, stack=list, operands=list
)
cpdef list order(Node root, int epoch)

@cython.locals(
    node=Node, a=Node, b=Node, operand=Node, fan=LayerInputs, many=NaryOperands, g=double, partial=double,
    operands=list, partials=list, i=Py_ssize_t, sunk=dict
)
cdef _propagate(list nodes)

@cython.locals(found=list)
cdef _sink(dict sunk, object sink, object what)

@cython.locals(
    node=Node, g=double, old=double, new=double, i=Py_ssize_t, done=Py_ssize_t, special=list, sinks=list
)
cdef _commit(list nodes, sunk)

cpdef refuse_reentry()

cpdef reverse_sweep(Node root, double seed)

@cython.locals(nodes=list)
cdef _swept(Node root, double seed)
