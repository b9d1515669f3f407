cdef extern from "lists.h":
    bint same_items(list a, list b)
