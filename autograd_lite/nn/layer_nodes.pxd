cimport cython

from autograd_lite.engine.nodes cimport GradientSink, LayerInputs, Node
from autograd_lite.engine.value cimport Value, node
from autograd_lite.primitives.base cimport Op, Operand
from autograd_lite.primitives cimport sums as kernels

cdef Op _AFFINE
cdef Op _RELU

cdef class Samples:
    cdef public list inputs
    cdef public list numbers
    cdef public Py_ssize_t values
    cdef public bint foreign

@cython.locals(xs=list, row=list, bias=double)
cpdef list sums(list numbers, list rows, list biases)

@cython.locals(result=list, row=list, g=double, i=Py_ssize_t)
cpdef list shares(list adjoints, list rows, Py_ssize_t width)

@cython.locals(
    result=list, inputs=list, operands=list, nodes=list, row=list, count=Py_ssize_t, width=Py_ssize_t, k=Py_ssize_t,
    fan=LayerInputs, place=double, out=double
)
cpdef list neurons(
    GradientSink sink, object weights, Samples samples, list numbers, list outs, Py_ssize_t first
)

@cython.locals(result=list, x=double)
cpdef list relus(list values)
