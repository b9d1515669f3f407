/* A user's own attributes on plain Values: ``p.momentum = 0.0``.

   A node has no place for a dict: few have one. Those keep it in their ``Info``. The plain source leaves all of this to
   Python's ``__dict__``; so do classes made in Python, which have one. */

#ifndef AUTOGRAD_LITE_ATTRIBUTES_H
#define AUTOGRAD_LITE_ATTRIBUTES_H

#include <Python.h>

/* nodes.pxd's Info, field by field */
typedef struct {
    PyObject_HEAD
    PyObject *label, *scope, *source, *hooks, *grad, *own;
} info_object;

/* and its NaryOperands */
typedef struct {
    info_object info;
    PyObject *operands, *nodes, *partials, *sink;
    long index;
} nary_object;

static PyTypeObject *info_type = NULL, *nary_type = NULL;
static void (*before_closing_a_cycle)(void) = NULL; /* what slabs.h does then */

static inline int has_dict(PyObject *self)
{
    return Py_TYPE(self)->tp_dictoffset != 0;
}

/* the dict, borrowed; NULL, without an error, if there is none */
static inline PyObject *own_dict(PyObject *self)
{
    PyObject *info = ((node_object *)self)->info;
    if (info == NULL || info == Py_None || !PyObject_TypeCheck(info, info_type))
        return NULL;
    PyObject *own = ((info_object *)info)->own;
    return own == NULL || own == Py_None ? NULL : own;
}

/* the dict, borrowed, made if there is none */
static PyObject *make_own_dict(PyObject *self)
{
    node_object *node = (node_object *)self;
    PyObject *own = own_dict(self);
    if (own != NULL)
        return own;
    if (node->info == NULL || !PyObject_TypeCheck(node->info, info_type)) {
        PyObject *label = node->info != NULL && PyUnicode_Check(node->info) ? node->info : NULL;
        PyObject *info = PyObject_CallFunctionObjArgs((PyObject *)info_type, label, NULL);
        if (info == NULL)
            return NULL;
        Py_XSETREF(node->info, info);
    }
    own = PyDict_New();
    if (own != NULL)
        Py_XSETREF(((info_object *)node->info)->own, own);
    return own;
}

static PyTypeObject *plain_type = NULL;
static PyObject *observers = NULL, *data_name = NULL, *grad_name = NULL;

/* The number behind ``.data`` or ``.grad`` of a plain Value that nothing watches: what the properties would find. A
   user's own update reads and writes them of every parameter at every step. */
static inline double *plain_number(PyObject *self, PyObject *name)
{
    if ((name != data_name && name != grad_name) || Py_TYPE(self) != plain_type || PySet_GET_SIZE(observers) != 0)
        return NULL;
    node_object *node = (node_object *)self;
    if (name == data_name)
        return &node->data;
    int elsewhere = PyObject_TypeCheck(node->info, info_type) && ((info_object *)node->info)->grad != Py_None;
    return elsewhere ? NULL : &node->grad;
}

static PyObject *get_attribute(PyObject *self, PyObject *name)
{
    double *number = plain_number(self, name);
    if (number != NULL)
        return PyFloat_FromDouble(*number);
    PyObject *own = has_dict(self) ? NULL : own_dict(self);
    if (own == NULL)
        return PyObject_GenericGetAttr(self, name);
    Py_INCREF(own);
    PyObject *found = _PyObject_GenericGetAttrWithDict(self, name, own, 0);
    Py_DECREF(own);
    return found;
}

static int set_attribute(PyObject *self, PyObject *name, PyObject *value)
{
    double *number = value != NULL && (PyFloat_CheckExact(value) || PyLong_CheckExact(value)) ? plain_number(self, name) : NULL;
    if (number != NULL) {
        double given = PyFloat_AsDouble(value);
        if (given != -1.0 || !PyErr_Occurred()) {
            *number = given;
            return 0;
        }
        PyErr_Clear(); /* the property says in which words an int is too large */
    }
    if (!has_dict(self)) {
        PyObject *known = _PyType_Lookup(Py_TYPE(self), name);
        if ((known == NULL || Py_TYPE(known)->tp_descr_set == NULL) && (value != NULL || own_dict(self) != NULL)) {
            if (value != NULL && PyObject_IS_GC(value) && before_closing_a_cycle != NULL)
                before_closing_a_cycle();
            PyObject *own = make_own_dict(self);
            if (own == NULL)
                return -1;
            Py_INCREF(own);
            int failed = _PyObject_GenericSetAttrWithDict(self, name, value, own);
            Py_DECREF(own);
            return failed;
        }
    }
    return PyObject_GenericSetAttr(self, name, value);
}

/* ``vars(x)``: what is put into the dict can close a cycle */
static PyObject *get_dict(PyObject *self, void *closure)
{
    if (before_closing_a_cycle != NULL)
        before_closing_a_cycle();
    PyObject *own = make_own_dict(self);
    Py_XINCREF(own);
    return own;
}

static PyGetSetDef dict_property = {"__dict__", get_dict, NULL, "the attributes of a user's own", NULL};

/* For pickles and copies: the same without making one. */
static inline PyObject *own_attributes(PyObject *self)
{
    PyObject *own = has_dict(self) ? NULL : own_dict(self);
    if (own == NULL)
        return has_dict(self) ? PyObject_GenericGetDict(self, NULL) : PyDict_New();
    Py_INCREF(own);
    return own;
}

/* A slot of a compiled class, and its method, where classes that are made of it look for it. */
static inline int put_slot(PyTypeObject *type, const char *name, void *function)
{
    PyObject *of_object = PyObject_GetAttrString((PyObject *)&PyBaseObject_Type, name), *method = NULL;
    if (of_object != NULL)
        method = PyDescr_NewWrapper(type, ((PyWrapperDescrObject *)of_object)->d_base, function);
    int failed = method == NULL || PyDict_SetItemString(type->tp_dict, name, method) < 0;
    Py_XDECREF(method);
    Py_XDECREF(of_object);
    return failed ? -1 : 0;
}

static inline int take_own_attributes(PyTypeObject *type, PyTypeObject *info, PyObject *watching)
{
    info_type = info;
    plain_type = type;
    observers = Py_NewRef(watching);
    data_name = PyUnicode_InternFromString("data");
    grad_name = PyUnicode_InternFromString("grad");
    if (data_name == NULL || grad_name == NULL)
        return -1;
    PyObject *dict = PyDescr_NewGetSet(type, &dict_property);
    int failed = dict == NULL || PyDict_SetItemString(type->tp_dict, "__dict__", dict) < 0 ||
                 put_slot(type, "__getattribute__", (void *)get_attribute) < 0 ||
                 put_slot(type, "__setattr__", (void *)set_attribute) < 0 ||
                 put_slot(type, "__delattr__", (void *)set_attribute) < 0;
    Py_XDECREF(dict);
    if (failed)
        return -1;
    type->tp_getattro = get_attribute;
    type->tp_setattro = set_attribute;
    PyType_Modified(type);
    return 0;
}

#endif
