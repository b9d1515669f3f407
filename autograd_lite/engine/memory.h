/* What the compiled engine asks of CPython itself. */

#ifndef AUTOGRAD_LITE_MEMORY_H
#define AUTOGRAD_LITE_MEMORY_H

#include <Python.h>
#include <string.h>

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

/* --- Lists -------------------------------------------------------------------------------------------------------- */

/* Where a list can't grow, the helper that Cython has for comprehensions since 3.3 gives the item back, and so does its
   caller: it is freed twice. Here it is given once more for that. */
static inline int append_to_list(PyObject *list, PyObject *item, const char *caller)
{
    int failed = PyList_Append(list, item);
    if (failed && strcmp(caller, "__Pyx_ListComp_AppendAndDecref") == 0)
        Py_INCREF(item);
    return failed;
}
#define PyList_Append(list, item) append_to_list(list, item, __func__)

/* --- Assigning ---------------------------------------------------------------------------------------------------- */

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

static inline int keep_properties(PyTypeObject *type, setter guard)
{
    for (PyGetSetDef *found = type->tp_getset; found != NULL && found->name != NULL; found++) {
        if (found->set == NULL || found->set == guard)
            continue;
        assignment *to = PyMem_Malloc(sizeof(assignment));
        if (to == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        *to = (assignment){found->set, found->name};
        found->set = guard;
        found->closure = to;
    }
    return 0;
}

/* The signature of a class, for ``inspect`` and ``help``: CPython looks for it before the docstring. */
static inline int set_signature(PyTypeObject *type, const char *text)
{
    char *doc = PyMem_Malloc(strlen(text) + strlen(type->tp_doc) + 8);
    if (doc == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    strcat(strcat(strcpy(doc, text), "\n--\n\n"), type->tp_doc);
    type->tp_doc = doc;
    return 0;
}

/* Operators, which Cython gives none: where a method of one argument has no docstring, its signature is there alone. */
static inline int set_operators_signatures(PyTypeObject *type)
{
    static const char form[] = "%s($self, other)\n--\n\n";
    for (PyMethodDef *method = type->tp_methods; method != NULL && method->ml_name != NULL; method++) {
        if (method->ml_doc != NULL || !(method->ml_flags & METH_O))
            continue;
        size_t size = strlen(method->ml_name) + sizeof(form);
        char *doc = PyMem_Malloc(size);
        if (doc == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        PyOS_snprintf(doc, size, form, method->ml_name);
        method->ml_doc = doc;
    }
    return 0;
}

/* setattr, also on a class of ours: Python code can't, because a compiled class never changes. */
static inline int set_on_class(PyObject *object, PyObject *name, PyObject *value)
{
    if (!PyType_Check(object))
        return PyObject_SetAttr(object, name, value);
    PyTypeObject *type = (PyTypeObject *)object;
    if (PyDict_SetItem(type->tp_dict, name, value) < 0)
        return -1;
    PyType_Modified(type);
    return 0;
}

/* --- Freeing ------------------------------------------------------------------------------------------------------ */

/* One class in each module that includes this: its objects form chains, however long. The first to go frees, one after
   the other, those that go with it; what it can't put on the list, for want of memory, it frees at once. */
static PyTypeObject *chained = NULL;
static destructor free_one = NULL;
static PyObject **waiting = NULL;
static Py_ssize_t waiting_count = 0, waiting_size = 0;
static int freeing = 0;

static void free_chain(PyObject *self)
{
    if (Py_TYPE(self) != chained) { /* a class made in Python: its own deallocator doesn't recurse, and isn't done yet */
        free_one(self);
        return;
    }
    if (freeing) {
        if (waiting_count == waiting_size) {
            Py_ssize_t size = waiting_size ? 2 * waiting_size : 64;
            PyObject **more = PyMem_RawRealloc(waiting, size * sizeof(PyObject *));
            if (more == NULL) {
                free_one(self);
                return;
            }
            waiting = more;
            waiting_size = size;
        }
        PyObject_GC_UnTrack(self);
        waiting[waiting_count++] = self;
        return;
    }
    freeing = 1;
    free_one(self);
    while (waiting_count > 0)
        free_one(waiting[--waiting_count]);
    if (waiting_size > 65536) {
        PyMem_RawFree(waiting);
        waiting = NULL;
        waiting_size = 0;
    }
    freeing = 0;
}

static inline int free_flatly(PyObject *kind)
{
#ifndef Py_GIL_DISABLED
    PyTypeObject *type = (PyTypeObject *)kind;
    chained = type;
    free_one = type->tp_dealloc;
    type->tp_dealloc = free_chain;
#endif
    return 0;
}

#endif
