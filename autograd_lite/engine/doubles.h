/* Float64 numbers for loops: the bytes of an object that is allocated at once, and is nothing to the collector. They are
   written in place: nobody else has seen the object, or will. */

#ifndef AUTOGRAD_LITE_DOUBLES_H
#define AUTOGRAD_LITE_DOUBLES_H

#include <Python.h>
#include <string.h>

/* so many of them, with anything in them */
static inline PyObject *block(Py_ssize_t count)
{
    return PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(double));
}

static inline double *start(PyObject *block)
{
    return (double *)PyBytes_AS_STRING(block);
}

static inline int holds(PyObject *block, PyObject *memory)
{
    if (!PyBytes_Check(block) || !PyMemoryView_Check(memory))
        return 0;
    const Py_buffer *seen = PyMemoryView_GET_BUFFER(memory);
    return seen->len == PyBytes_GET_SIZE(block) && memcmp(seen->buf, PyBytes_AS_STRING(block), (size_t)seen->len) == 0;
}

#endif
