/* The lock of the sweeps: an RLock that compiled code takes without a call of Python's when no other thread has it.

   Between two statements of compiled code no signal handler runs, so it can be taken by one and given back by another;
   whoever has to wait does so in ``with``. */

#ifndef AUTOGRAD_LITE_TURNS_H
#define AUTOGRAD_LITE_TURNS_H

#include <Python.h>
#include "pythread.h"

#define SHORT_LIST 60  /* as many as one block of Python's own allocator has room for */
#define LONG_LIST 4096 /* a longer one's memory is given back */

/* Two lists, a sweep's nodes and its stack, wait for the next sweep with the memory that they have. */
static PyObject *waiting_lists[2];
static int waiting_lists_count = 0;

/* an empty list that has room for some */
static inline PyObject *take_list(void)
{
    if (waiting_lists_count > 0)
        return waiting_lists[--waiting_lists_count];
    PyObject *made = PyList_New(SHORT_LIST);
    if (made != NULL)
        Py_SET_SIZE(made, 0);
    return made;
}

/* empty a list that nobody else has, for the next to take */
static inline void give_list(PyObject *list)
{
    Py_ssize_t count = PyList_GET_SIZE(list);
    while (count > 0) {
        PyObject *item = PyList_GET_ITEM(list, --count);
        Py_SET_SIZE(list, count);
        Py_DECREF(item);
    }
#ifndef Py_GIL_DISABLED
    if (waiting_lists_count < 2 && ((PyListObject *)list)->allocated <= LONG_LIST)
        waiting_lists[waiting_lists_count++] = Py_NewRef(list);
#endif
}

/* list.pop, without giving memory back; a ``void *`` becomes whatever class is known to be in the list */
static inline void *pop_last(PyObject *list)
{
    Py_ssize_t last = PyList_GET_SIZE(list) - 1;
    PyObject *item = PyList_GET_ITEM(list, last);
    Py_SET_SIZE(list, last);
    return item;
}

#ifdef Py_GIL_DISABLED

static inline PyObject *new_lock(void)
{
    PyObject *threading = PyImport_ImportModule("threading");
    PyObject *made = threading == NULL ? NULL : PyObject_CallMethod(threading, "RLock", NULL);
    Py_XDECREF(threading);
    return made;
}

static inline int take(PyObject *lock)
{
    return 0;
}

static inline void give(PyObject *lock) {}

static inline int is_taken_here(PyObject *lock)
{
    PyObject *found = PyObject_CallMethod(lock, "_is_owned", NULL);
    int here = found == NULL ? -1 : PyObject_IsTrue(found);
    Py_XDECREF(found);
    return here;
}

#else

/* The interpreter's lock keeps these fields whole. ``gate`` is for those that wait: locked, but for the moment after one
   of them has been called. */
typedef struct {
    PyObject_HEAD
    PyThread_type_lock gate;
    unsigned long owner;
    int depth; /* 0 if nobody has it */
    int waiting, called;
} turn_object;

static inline int is_taken_here(PyObject *self)
{
    turn_object *turn = (turn_object *)self;
    return turn->depth > 0 && turn->owner == PyThread_get_thread_ident();
}

/* whether it could be taken at once */
static inline int take(PyObject *self)
{
    turn_object *turn = (turn_object *)self;
    unsigned long me = PyThread_get_thread_ident();
    if (turn->depth > 0 && turn->owner != me)
        return 0;
    turn->owner = me;
    return ++turn->depth;
}

static inline void give(PyObject *self)
{
    turn_object *turn = (turn_object *)self;
    if (--turn->depth == 0 && turn->waiting > 0 && !turn->called) {
        turn->called = 1;
        PyThread_release_lock(turn->gate);
    }
}

static PyObject *turn_enter(PyObject *self, PyObject *unused)
{
    turn_object *turn = (turn_object *)self;
    while (!take(self)) {
        PyLockStatus status;
        turn->waiting++;
        Py_BEGIN_ALLOW_THREADS
        status = PyThread_acquire_lock_timed(turn->gate, -1, 1);
        Py_END_ALLOW_THREADS
        turn->waiting--;
        if (status == PY_LOCK_ACQUIRED)
            turn->called = 0;
        else if (PyErr_CheckSignals() < 0)
            return NULL;
    }
    Py_RETURN_TRUE;
}

static PyObject *turn_exit(PyObject *self, PyObject *error)
{
    if (!is_taken_here(self)) {
        PyErr_SetString(PyExc_RuntimeError, "cannot release un-acquired lock");
        return NULL;
    }
    give(self);
    Py_RETURN_NONE;
}

static PyObject *turn_is_owned(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(is_taken_here(self));
}

static inline int new_gate(turn_object *turn)
{
    turn->depth = turn->waiting = turn->called = 0;
    turn->gate = PyThread_allocate_lock();
    if (turn->gate == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    PyThread_acquire_lock(turn->gate, NOWAIT_LOCK);
    return 0;
}

/* in a child process, in which the thread that had it doesn't run */
static PyObject *turn_reinit(PyObject *self, PyObject *unused)
{
    if (new_gate((turn_object *)self) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef turn_methods[] = {
    {"__enter__", turn_enter, METH_NOARGS, NULL},
    {"__exit__", turn_exit, METH_VARARGS, NULL},
    {"_is_owned", turn_is_owned, METH_NOARGS, NULL},
    {"_at_fork_reinit", turn_reinit, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject turn_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "autograd_lite.engine.turns.Lock",
    .tp_basicsize = sizeof(turn_object),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = turn_methods,
};

static inline PyObject *new_lock(void) /* one a process: nobody frees it */
{
    if (PyType_Ready(&turn_type) < 0)
        return NULL;
    turn_object *made = PyObject_New(turn_object, &turn_type);
    if (made == NULL)
        return NULL;
    if (new_gate(made) < 0)
        return NULL;
    return (PyObject *)made;
}

#endif
#endif
