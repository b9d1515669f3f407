cimport cython

cdef extern from "memory.h":
    pass

cdef class _Chains:
    cdef public object program
    cdef public list names
    cdef public set zero
    cdef public bytearray gone
    cdef public list single
    cdef public dict sums
    cdef public list apart

    @cython.locals(
        added=list, less=list, taken=list, stack=list, names=list, args=list, zero=set, name=str,
        first=Py_ssize_t, root=Py_ssize_t, term=Py_ssize_t, id=Py_ssize_t, started=bint
    )
    cdef _terms(self, Py_ssize_t k, bytearray absorbed)

    @cython.locals(names=list, single=list, products=list, chosen=set, first=Py_ssize_t, t=Py_ssize_t)
    cdef _sum(self, list terms, row)

@cython.locals(
    id_of=list, products=list, rest=list, others=list, left=list, right=list, args=list, first=Py_ssize_t, t=Py_ssize_t
)
cdef _summed(result, list rank, label, terms, row=*)
