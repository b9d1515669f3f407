cdef extern from "calls.h":
    int call_values_at_once(object kind) except -1
    int call_unary_at_once(object op) except -1
    int call_lists_at_once(object sum, object dot) except -1
