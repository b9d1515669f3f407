cdef extern from "memory.h":
    int free_flatly(object kind) except -1

cdef extern from "slabs.h":
    int keep_nodes(object kind, object info) except -1
    dict own_attributes(object node)
    object blank(object kind)
