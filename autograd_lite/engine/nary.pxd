cimport cython

from autograd_lite.engine.nodes cimport NaryOperands, Node
from autograd_lite.engine.value cimport Value, node
from autograd_lite.primitives.base cimport Op

cdef Op _SUM
cdef Op _DOT

@cython.locals(out=double, nodes=list, v=Value)
cpdef object sum_node(tuple given)

@cython.locals(
    out=double, a=double, b=double, v=Value, w=Value, nodes=list, partials=list, second=list, slopes=list,
    i=Py_ssize_t, count=Py_ssize_t,
)
cpdef object dot_node(tuple given)

@cython.locals(made=NaryOperands)
cdef NaryOperands _operands(list operands, list nodes, list partials)
