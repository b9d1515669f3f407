from autograd_lite.primitives cimport libm as math

cdef extern from "memory.h":
    pass

cdef double nan
cdef double inf

cdef class Pair:
    cpdef (double, double, double) parts(self, double x, double y)

cdef class Div(Pair):
    cpdef (double, double, double) parts(self, double x, double y)

cdef class Maximum(Pair):
    cpdef (double, double, double) parts(self, double x, double y)

cdef class Minimum(Pair):
    cpdef (double, double, double) parts(self, double x, double y)

cdef class LeakyRelu(Pair):
    cpdef (double, double, double) parts(self, double x, double y)

cdef class Pow(Pair):
    cpdef (double, double, double) parts(self, double x, double y)

cdef class Power(Pair):
    cpdef (double, double, double) parts(self, double x, double y)

cdef class Square(Pair):
    cpdef (double, double, double) parts(self, double x, double y)

cpdef double power(double x, double y)
cpdef double power_dx(double x, double y)
