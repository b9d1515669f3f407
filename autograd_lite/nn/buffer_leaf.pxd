from autograd_lite.engine.value cimport Value

cdef class Buffers:
    cdef public object numbers
    cdef public object gradients
    cdef double[::1] _numbers
    cdef double[::1] _gradients

cdef class BufferLeaf(Value):
    cdef public Buffers storage
    cdef public Py_ssize_t index
