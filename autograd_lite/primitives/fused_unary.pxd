from autograd_lite.primitives cimport libm as math

cdef extern from "memory.h":
    pass

cdef double nan
cdef double inf

cdef class Fused:
    cpdef (double, double) pair(self, double x)

cdef class Exp(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Sin(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Cos(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Tanh(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Sigmoid(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Relu(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Log(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Sqrt(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Abs(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Squared(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Reciprocal(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Tan(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Softplus(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Silu(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Log1p(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Expm1(Fused):
    cpdef (double, double) pair(self, double x)

cdef class Atan(Fused):
    cpdef (double, double) pair(self, double x)
