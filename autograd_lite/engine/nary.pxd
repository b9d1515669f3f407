cimport cython

from autograd_lite.engine cimport calls
from autograd_lite.engine.nodes cimport Node
from autograd_lite.engine.value cimport Value, nary_node, node
from autograd_lite.primitives.base cimport Op

cdef Op _SUM
cdef Op _DOT

cdef list _ONES

@cython.locals(out=double, v=Value, operands=list, nodes=list, values=Py_ssize_t, count=Py_ssize_t)
cpdef object sum_node(object xs)

@cython.locals(
    out=double, a=double, b=double, v=Value, w=Value, firsts=list, seconds=list, nodes=list, partials=list, slopes=list,
    i=Py_ssize_t, values=Py_ssize_t, count=Py_ssize_t,
)
cpdef object dot_node(object xs, object ys)

cdef list _ones(Py_ssize_t count)

@cython.locals(v=Value, values=Py_ssize_t, count=Py_ssize_t, numbers=list, operands=list, nodes=list, partials=list, slopes=list)
cpdef list row_nodes(object self, list items)
