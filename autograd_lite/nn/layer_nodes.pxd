cimport cython

from autograd_lite.engine cimport doubles
from autograd_lite.engine.nodes cimport GradientSink, LayerBatch, LayerInputs, LayerNumbers, Node
from autograd_lite.engine.value cimport Value, node
from autograd_lite.primitives.base cimport Op, Operand
from autograd_lite.primitives cimport sums as kernels

cdef Op _AFFINE
cdef Op _RELU
cdef double UNREACHED

cdef class Rows(GradientSink):
    cdef public object weight
    cdef public object bias
    cdef public LayerNumbers _known
    @cython.locals(known=LayerNumbers)
    cpdef LayerNumbers numbers(self)
    @cython.locals(weights=LayerNumbers, first=Py_ssize_t, count=Py_ssize_t, values=Py_ssize_t, numbers=bytes)
    cpdef list record(self, list inputs, unit=*)

@cython.locals(i=Py_ssize_t, values=Py_ssize_t)
cdef Py_ssize_t _read(list inputs, double *numbers) except -2

@cython.locals(
    outs=bytes, width=Py_ssize_t, xs="double *", matrix="double *", results="double *", at=Py_ssize_t, k=Py_ssize_t,
    unit=Py_ssize_t, i=Py_ssize_t, out=double
)
cdef _sums(LayerNumbers weights, Py_ssize_t first, Py_ssize_t count, bytes numbers, Py_ssize_t samples)

@cython.locals(
    result=list, outs="double *", width=Py_ssize_t, count=Py_ssize_t, samples=Py_ssize_t, k=Py_ssize_t,
    place=Py_ssize_t, operands=list, nodes=list, fan=LayerInputs
)
cdef list _neurons(LayerBatch batch, list inputs, Py_ssize_t values)

@cython.locals(
    width=Py_ssize_t, numbers=bytes, adjoints=bytes, xs="double *", deltas="double *", inputs="double *",
    reached="double *", batch=LayerBatch, fan=LayerInputs, k=Py_ssize_t, i=Py_ssize_t, place=Py_ssize_t, known=bint
)
cpdef gathered(list fans, Py_ssize_t units)

@cython.locals(result=list, x=double)
cpdef list relus(list values)
