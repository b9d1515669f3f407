cimport cython

from autograd_lite.engine cimport calls, memory
from autograd_lite.engine.methods cimport Methods, compare
from autograd_lite.engine.nodes cimport Info, NaryOperands, Node, State, has_float
from autograd_lite.engine.sweeps cimport reverse_sweep
from autograd_lite.engine.tape cimport notify
from autograd_lite.primitives.base cimport Op, as_float
from autograd_lite.primitives.fused_binary cimport power, power_dx

cdef extern from "memory.h":
    int setattr "set_on_class" (object object, object name, object value) except -1

cdef State STATE
cdef Op _ADD
cdef Op _SUB
cdef Op _MUL
cdef Op _DIV
cdef Op _NEG
cdef Op _POW

cdef class Value(Methods):
    pass

@cython.locals(made=Value)
cpdef Value node(double data, Op prim, Node a, Node b, double pa, double pb, object info=*)

cpdef Value nary_node(double data, Op prim, object operands, object nodes, object partials)

cdef _begin(Value made, double data)

@cython.locals(made=Value)
cdef Value _leaf(double data)

@cython.locals(number=double, data=double, slope=double)
cdef _recorded(Value x, Op primitive)

cdef _binary(Op primitive, object a, object b)

cpdef Value record(Op primitive, tuple args)
