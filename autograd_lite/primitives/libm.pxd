# The functions of ``math`` that CPython hands to the C library as they are: the same bits, without boxing.
# (Not ``hypot``: CPython has its own.) Where ``math`` raises, these return what IEEE says, as our sources do.

cdef extern from "<math.h>" nogil:
    double acos(double x)
    double atan(double x)
    double copysign(double x, double y)
    double cos(double x)
    double exp(double x)
    double expm1(double x)
    double fabs(double x)
    double fmod(double x, double y)
    double log(double x)
    double log1p(double x)
    double pow(double x, double y)
    double sin(double x)
    double sqrt(double x)
    double tan(double x)
    double tanh(double x)
