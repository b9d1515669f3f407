/* What the compiled engine asks of CPython itself. */

#ifndef AUTOGRAD_LITE_MEMORY_H
#define AUTOGRAD_LITE_MEMORY_H

#include <Python.h>

/* A compiled module serves the main interpreter alone, whichever asks first: its classes are that one's. */
static inline PyObject *define_in_main(PyModuleDef *definition)
{
    if (PyInterpreterState_Get() == PyInterpreterState_Main())
        return PyModuleDef_Init(definition);
    PyErr_Format(PyExc_ImportError,
                 "autograd_lite's %s is compiled, and serves the main interpreter alone; installed with "
                 "AUTOGRAD_LITE_PURE=1 it serves every one",
                 definition->m_name);
    return NULL;
}
#define PyModuleDef_Init define_in_main

/* A property without a deleter is not deleted, in the words of Python's own; Cython raises something else. */
typedef struct {
    setter set;
    const char *name;
} assignment;

static inline int assign(PyObject *self, PyObject *value, void *closure)
{
    assignment *to = (assignment *)closure;
    if (value == NULL) {
        const char *name = Py_TYPE(self)->tp_name, *dot = strrchr(name, '.');
        PyErr_Format(PyExc_AttributeError, "property '%s' of '%.200s' object has no deleter", to->name,
                     dot == NULL ? name : dot + 1);
        return -1;
    }
    return to->set(self, value, NULL);
}

static inline int keep_properties(PyTypeObject *type)
{
    for (PyGetSetDef *found = type->tp_getset; found != NULL && found->name != NULL; found++) {
        if (found->set == NULL || found->set == assign)
            continue;
        assignment *to = PyMem_Malloc(sizeof(assignment));
        if (to == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        *to = (assignment){found->set, found->name};
        found->set = assign;
        found->closure = to;
    }
    return 0;
}

/* setattr, also on a class of ours, which is thereby made ready: Python code can't set an attribute of it. */
static inline int set_on_class(PyObject *object, PyObject *name, PyObject *value)
{
    if (!PyType_Check(object))
        return PyObject_SetAttr(object, name, value);
    PyTypeObject *type = (PyTypeObject *)object;
    if (keep_properties(type) < 0 || PyDict_SetItem(type->tp_dict, name, value) < 0)
        return -1;
    PyType_Modified(type);
    return 0;
}

#endif
