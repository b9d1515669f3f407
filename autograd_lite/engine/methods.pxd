from autograd_lite.engine.nodes cimport Node, State

cdef extern from "memory.h":
    int setattr "set_on_class" (object object, object name, object value) except -1

cdef class Methods(Node):
    pass

cdef State STATE

cpdef compare(object a, object other, object how)
