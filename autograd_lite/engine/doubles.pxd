cdef extern from "doubles.h":
    bytes block(Py_ssize_t count)
    double *start(object block)
    bint holds(object block, object memory)
