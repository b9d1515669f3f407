cdef extern from "memory.h":
    int ready(object kind) except -1
