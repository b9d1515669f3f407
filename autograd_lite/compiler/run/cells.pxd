cimport cython

from autograd_lite.engine cimport memory
from autograd_lite.primitives.base cimport Op, as_float
from autograd_lite.primitives.fused_binary cimport Pair
from autograd_lite.primitives.fused_unary cimport Fused

cdef int ADD
cdef int AFFINE
cdef int CALL
cdef int CALL1
cdef int CALL2
cdef int COPY
cdef int DOT
cdef int EQ
cdef int FUSED
cdef int GT
cdef int LE
cdef int LT
cdef int MEAN
cdef int MUL
cdef int NE
cdef int NEG
cdef int PICK
cdef int SUB
cdef int SUM
cdef int WHERE

cdef class Call:
    cdef public Op prim
    cdef public bint active
    cdef public list xs
    cdef public list ws
    cdef public list partials

@cython.final
cdef class Cell:
    cdef public int op
    cdef public double value
    cdef public double adjoint
    cdef public double pa
    cdef public double pb
    cdef public bint reached
    cdef public Cell a
    cdef public Cell b
    cdef public Fused fused
    cdef public Pair pair
    cdef public Call call

@cython.locals(c=Cell, op=int, x=double, y=double)
cpdef void forward(list cells) except *

@cython.locals(c=Cell, g=double)
cpdef void backward(list cells) except *

@cython.locals(c=Cell, x=Cell, g=double)
cpdef void backward_taken(list cells, list outputs) except *

@cython.locals(xs=list, taken=Cell, x=double, y=double, holds=bint)
cdef void _choose(Cell c, int op) except *

@cython.locals(index=double, taken=Cell)
cdef void _pick(Cell c, list xs) except *

@cython.locals(x=double, prim=Op, out=double)
cdef void _call1(Cell c, Call call) except *

@cython.locals(x=double, y=double, prim=Op, out=double)
cdef void _call2(Cell c, Call call) except *

@cython.locals(call=Call, xs=list, ws=list, out=double, x=Cell, w=Cell, i=Py_ssize_t, prim=Op, numbers=list)
cdef void _gather(Cell c, int op) except *

@cython.locals(op=int, call=Call, xs=list, ws=list, x=Cell, w=Cell, i=Py_ssize_t, partials=list)
cdef void _spread(Cell c, double g) except *

@cython.locals(c=Cell)
cpdef void push(list cells) except *

@cython.locals(op=int, call=Call, xs=list, ws=list, x=Cell, w=Cell, i=Py_ssize_t, partials=list, out=double)
cdef double _tangent(Cell c) except? -1.0
