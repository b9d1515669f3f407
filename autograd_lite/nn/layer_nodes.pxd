cimport cython

from autograd_lite.engine.nodes cimport LayerBatch, LayerInputs, Node
from autograd_lite.engine.value cimport Value, node
from autograd_lite.primitives.base cimport Op, Operand
from autograd_lite.primitives cimport libm as math
from autograd_lite.primitives cimport sums as kernels

cdef Op _AFFINE
cdef Op _RELU
cdef double UNREACHED

cdef class Samples:
    cdef public list inputs
    cdef public object numbers
    cdef public Py_ssize_t values
    cdef public bint foreign
    @cython.locals(inputs=list, i=Py_ssize_t, values=Py_ssize_t)
    cdef _sort(self, double[::1] numbers)

@cython.locals(xs=list, row=list, bias=double, outs=double[::1], width=Py_ssize_t, start=Py_ssize_t, i=Py_ssize_t, k=Py_ssize_t)
cpdef sums(const double[::1] numbers, list rows, list biases)

@cython.locals(
    batch=LayerBatch, width=Py_ssize_t, start=Py_ssize_t, place=Py_ssize_t, i=Py_ssize_t, g=double, shares=double[::1],
    matrix="const double[::1]"
)
cpdef hand_back(LayerInputs fan)

@cython.locals(i=Py_ssize_t, at=Py_ssize_t, operand=Node)
cpdef spread(LayerInputs fan, const double[::1] shares)

cpdef gathered(list fans, Py_ssize_t units)

@cython.locals(batch=LayerBatch, fan=LayerInputs, k=Py_ssize_t, i=Py_ssize_t, place=Py_ssize_t)
cdef _gather(list fans, Py_ssize_t units, double[::1] xs, double[::1] deltas)

@cython.locals(
    result=list, inputs=list, operands=list, nodes=list, width=Py_ssize_t, count=Py_ssize_t, k=Py_ssize_t,
    place=Py_ssize_t, fan=LayerInputs
)
cpdef list neurons(LayerBatch batch, Samples samples, const double[::1] outs)

@cython.locals(result=list, x=double)
cpdef list relus(list values)
