cimport cython

from autograd_lite.engine cimport doubles
from autograd_lite.primitives.base cimport Op, Operand

cdef class State:
    cdef public set observers
    cdef public set hooks
    cdef public double recordings

cdef class Info:
    cdef public object label
    cdef public object scope
    cdef public object source
    cdef public object hooks
    cdef public object grad
    cdef public object own  # compiled only: see attributes.h

cdef class GradientSink:
    pass

cdef class NaryOperands(Info):
    cdef public object operands
    cdef public list nodes
    cdef public list partials
    cdef public object sink
    cdef public long index

cdef class CheckpointOperands(NaryOperands):
    cdef public object group

cdef class Node(Operand):
    cdef public Node _a
    cdef public Node _b
    cdef public Op _prim
    cdef public object _info
    cdef public double _data
    cdef public double _grad
    cdef public double _pa
    cdef public double _pb
    cdef public double _adjoint
    cdef public int _mark
    cdef object __weakref__

cpdef bint has_float(Node node)

@cython.locals(xs="double *", i=Py_ssize_t, x=double)
cpdef written(list numbers)

cdef class LayerNumbers:
    cdef public bytes weight
    cdef public bytes bias
    cdef public Py_ssize_t units
    cdef public Py_ssize_t width
    cdef public Py_ssize_t loops
    cdef public object arrays
    cdef public bytes shares
    @cython.locals(numbers="double *", i=Py_ssize_t)
    cpdef list row(self, Py_ssize_t unit)
    cpdef double bias_of(self, Py_ssize_t unit) except? -1.0

cdef class LayerBatch:
    cdef public object sink
    cdef public LayerNumbers weights
    cdef public Py_ssize_t first
    cdef public Py_ssize_t count
    cdef public bytes numbers
    cdef public bytes adjoints

cdef class LayerInputs(Node):
    cdef public list inputs
    cdef public list nodes
    cdef public object columns
    cdef public LayerBatch batch
    cdef public Py_ssize_t sample
    @cython.locals(batch=LayerBatch, adjoints="double *", i=Py_ssize_t)
    cpdef begin(self)
    @cython.locals(batch=LayerBatch, adjoints="double *")
    cpdef meet(self, Py_ssize_t place, double adjoint)
    @cython.locals(
        batch=LayerBatch, weights=LayerNumbers, width=Py_ssize_t, shares="double *", matrix="double *",
        adjoints="double *", place=Py_ssize_t, at=Py_ssize_t, i=Py_ssize_t, g=double
    )
    cpdef hand_back(self)
    @cython.locals(shares="double *", i=Py_ssize_t, at=Py_ssize_t, operand=Node)
    cpdef spread(self, bytes handed)
    @cython.locals(batch=LayerBatch, weights=LayerNumbers, numbers="double *", i=Py_ssize_t)
    cpdef list numbers(self)
