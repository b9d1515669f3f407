cdef extern from "memory.h":
    int free_flatly(object kind) except -1

cdef extern from "slabs.h":
    int keep_nodes(object kind, object info, object nary, object watching) except -1
    object new_operands(object operands, object nodes, object partials)
    dict own_attributes(object node)
    object blank(object kind)
