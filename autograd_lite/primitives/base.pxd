from autograd_lite.primitives.fused_unary cimport Fused

cdef class Shortcut:
    cdef public object kind

cdef class Op:
    cdef public bint permanent  # the first ones: engine/slabs.h and calls.h look for them there
    cdef void *call
    cdef public object name
    cdef public int arity
    cdef public object fn
    cdef public object partials
    cdef public object float_partials
    cdef public Fused fused

cdef class Operand:
    pass

cpdef double as_float(object x, object where=*) except? -1.0
