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

cdef class LayerInputs(Node):
    cdef public list inputs
    cdef public list nodes
    cdef public object columns
    cdef public object numbers
    cdef public object sink
    cdef public object weights
    cdef public long first
    cdef public long count
    cdef public list adjoints
    cpdef begin(self)
