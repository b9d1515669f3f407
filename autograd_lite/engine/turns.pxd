from autograd_lite.engine.nodes cimport Node

cdef extern from "turns.h":
    object new_lock()
    list take_list()
    void give_list(list nodes)
    Node pop_last(list nodes)
    bint take(object lock)
    void give(object lock)
    int is_taken_here(object lock) except -1

cdef extern from "Python.h":
    int check_signals "PyErr_CheckSignals" () except -1
