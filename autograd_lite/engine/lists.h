/* Whether two lists have the same objects: their items side by side in memory are. */

#ifndef AUTOGRAD_LITE_LISTS_H
#define AUTOGRAD_LITE_LISTS_H

#include <Python.h>
#include <string.h>

static inline int same_items(PyObject *a, PyObject *b)
{
    Py_ssize_t count = PyList_GET_SIZE(a);
    if (count != PyList_GET_SIZE(b))
        return 0;
#ifdef Py_GIL_DISABLED /* another thread may give a list new memory meanwhile */
    for (Py_ssize_t i = 0; i < count; i++)
        if (PyList_GET_ITEM(a, i) != PyList_GET_ITEM(b, i))
            return 0;
    return 1;
#else
    return count == 0 || memcmp(&PyList_GET_ITEM(a, 0), &PyList_GET_ITEM(b, 0), (size_t)count * sizeof(PyObject *)) == 0;
#endif
}

#endif
