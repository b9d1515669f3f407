/* Calls that make no tuple and ask for no attribute: of a primitive on a Value, of ``sum`` and ``dot`` on lists, of
   ``Value`` on a float. Each is the short way of what the plain source says, and leaves all else to that. */

#ifndef AUTOGRAD_LITE_CALLS_H
#define AUTOGRAD_LITE_CALLS_H

#include <Python.h>
#include <stddef.h>

/* base.pxd's Op, as far as it matters here */
typedef struct {
    PyObject_HEAD
    int permanent;
    vectorcallfunc call;
    PyObject *name;
    int arity;
    PyObject *fn;
} callable_op;

/* what they call, of the module that includes this */
static PyTypeObject *called_on = NULL;
static PyObject *(*record_unary)(PyObject *value, PyObject *op) = NULL;
static PyObject *(*make_leaf)(double data) = NULL;
static PyObject *(*record_sum)(PyObject *xs, int skip_dispatch) = NULL;
static PyObject *(*record_dot)(PyObject *xs, PyObject *ys, int skip_dispatch) = NULL;

/* a function that Cython exports, by its name */
static void *exported(const char *module, const char *name)
{
    void *found = NULL;
    PyObject *home = PyImport_ImportModule(module);
    PyObject *table = home == NULL ? NULL : PyObject_GetAttrString(home, "__pyx_capi__");
    PyObject *capsule = table == NULL ? NULL : PyMapping_GetItemString(table, name);
    if (capsule != NULL)
        found = PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule));
    Py_XDECREF(capsule);
    Py_XDECREF(table);
    Py_XDECREF(home);
    return found;
}

static PyObject *call_generally(PyObject *self, PyObject *const *args, size_t flagged, PyObject *names)
{
    Py_ssize_t count = PyVectorcall_NARGS(flagged), more = names == NULL ? 0 : PyTuple_GET_SIZE(names);
    PyObject *given = PyTuple_New(count), *named = NULL, *result = NULL;
    if (given == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < count; i++)
        PyTuple_SET_ITEM(given, i, Py_NewRef(args[i]));
    if (more > 0 && (named = PyDict_New()) == NULL)
        goto done;
    for (Py_ssize_t i = 0; i < more; i++)
        if (PyDict_SetItem(named, PyTuple_GET_ITEM(names, i), args[count + i]) < 0)
            goto done;
    result = Py_TYPE(self)->tp_call(self, given, named);
done:
    Py_DECREF(given);
    Py_XDECREF(named);
    return result;
}

static PyObject *call_unary(PyObject *self, PyObject *const *args, size_t flagged, PyObject *names)
{
    if (names == NULL && PyVectorcall_NARGS(flagged) == 1) {
        if (Py_TYPE(args[0]) == called_on)
            return record_unary(args[0], self);
        if (PyFloat_CheckExact(args[0]))
            return PyObject_CallOneArg(((callable_op *)self)->fn, args[0]);
    }
    return call_generally(self, args, flagged, names);
}

static inline int is_list(PyObject *x)
{
    return PyList_CheckExact(x) || PyTuple_CheckExact(x);
}

static PyObject *call_sum(PyObject *self, PyObject *const *args, size_t flagged, PyObject *names)
{
    if (names == NULL && PyVectorcall_NARGS(flagged) == 1 && is_list(args[0])) {
        PyObject *made = record_sum(args[0], 0);
        if (made != Py_None)
            return made;
        Py_DECREF(made);
    }
    return call_generally(self, args, flagged, names);
}

static PyObject *call_dot(PyObject *self, PyObject *const *args, size_t flagged, PyObject *names)
{
    if (names == NULL && PyVectorcall_NARGS(flagged) == 2 && is_list(args[0]) && is_list(args[1])) {
        PyObject *made = record_dot(args[0], args[1], 0);
        if (made != Py_None)
            return made;
        Py_DECREF(made);
    }
    return call_generally(self, args, flagged, names);
}

static PyObject *call_value(PyObject *self, PyObject *const *args, size_t flagged, PyObject *names)
{
    if (names == NULL && PyVectorcall_NARGS(flagged) == 1 && PyFloat_CheckExact(args[0]))
        return make_leaf(PyFloat_AS_DOUBLE(args[0]));
    return call_generally(self, args, flagged, names);
}

static inline void take_calls(PyObject *op, vectorcallfunc call)
{
    PyTypeObject *type = Py_TYPE(op);
    ((callable_op *)op)->call = call;
    type->tp_vectorcall_offset = offsetof(callable_op, call);
    type->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL;
}

static inline int call_unary_at_once(PyObject *op)
{
    take_calls(op, call_unary);
    return 0;
}

static inline int call_values_at_once(PyObject *kind)
{
    const char *home = "autograd_lite.engine.value";
    called_on = (PyTypeObject *)kind;
    record_unary = (PyObject * (*)(PyObject *, PyObject *)) exported(home, "_recorded");
    make_leaf = (PyObject * (*)(double)) exported(home, "_leaf");
    if (record_unary == NULL || make_leaf == NULL)
        return -1;
    called_on->tp_vectorcall = call_value;
    return 0;
}

static inline int call_lists_at_once(PyObject *sum, PyObject *dot)
{
    const char *home = "autograd_lite.engine.nary";
    record_sum = (PyObject * (*)(PyObject *, int)) exported(home, "sum_node");
    record_dot = (PyObject * (*)(PyObject *, PyObject *, int)) exported(home, "dot_node");
    if (record_sum == NULL || record_dot == NULL)
        return -1;
    take_calls(sum, call_sum);
    take_calls(dot, call_dot);
    return 0;
}

#endif
