cimport cython

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

cdef class LayerBatch:
    cdef public object sink
    cdef public object weights
    cdef public Py_ssize_t width
    cdef public Py_ssize_t first
    cdef public Py_ssize_t count
    cdef const double[::1] matrix
    cdef const double[::1] numbers
    cdef double[::1] adjoints
    cdef double[::1] shares

cdef class LayerInputs(Node):
    cdef public list inputs
    cdef public list nodes
    cdef public object columns
    cdef public LayerBatch batch
    cdef public Py_ssize_t sample
    @cython.locals(batch=LayerBatch, i=Py_ssize_t)
    cpdef begin(self)
    @cython.locals(batch=LayerBatch, i=Py_ssize_t)
    cpdef list numbers(self)
