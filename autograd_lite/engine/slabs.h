/* The memory of Values, and what the collector is told of them.

   A graph can have a million nodes, and CPython's collector would walk all of them again and again to find that none is
   in a cycle. It is not shown those that can be in none: Values whose operands are such Values, whose op is one of the
   table's, and which have nothing else but a label; the lists that ``sum`` and ``dot`` keep of such. (An edge leads from a node to older ones. So a cycle needs an edge
   that is made afterwards, and those that we hold come by ``assign`` or by a user's own attribute.) All
   others are shown: those with a hook, with a gradient that is a node, of a class or an op of the user's, with what a
   layer or a checkpoint brings, and whatever is computed from one of them. When a node that was not shown is given
   such a thing, every node there is is shown: those computed from it are among them, and can't be told from the rest.

   Values live in slabs, so that they can all be found, so that their memory is used again at once, and because the
   collector counts what it allocates, shown or not. What is shown is counted here, and the collector called when much
   of it is new. */

#ifndef AUTOGRAD_LITE_SLABS_H
#define AUTOGRAD_LITE_SLABS_H

#include <Python.h>
#include "memory.h"

/* nodes.pxd's Node, field by field; ``home`` is in what is padding there */
typedef struct {
    PyObject_HEAD
    PyObject *a, *b, *prim, *info;
    double data, grad, pa, pb, adjoint;
    int mark, home;
    PyObject *weak;
} node_object;

#include "attributes.h"

/* the first field of base.pxd's Op */
typedef struct {
    PyObject_HEAD
    int permanent;
} op_object;

#define SIGNATURE "Value(data, label='', _op='', *, requires_grad=None)"

static PyObject *no_arguments = NULL;

/* ``NaryOperands(operands, nodes, partials)``, three lists, without the price of its call */
static inline PyObject *fill_operands(nary_object *made, PyObject *operands, PyObject *nodes, PyObject *partials)
{
    PyObject *nothing = PyUnicode_New(0, 0); /* the one there is */
    made->info.label = Py_NewRef(nothing);
    made->info.scope = Py_NewRef(nothing);
    made->info.source = nothing;
    made->info.hooks = Py_NewRef(Py_None);
    made->info.grad = Py_NewRef(Py_None);
    made->info.own = Py_NewRef(Py_None);
    made->operands = Py_NewRef(operands);
    made->nodes = Py_NewRef(nodes);
    made->partials = Py_NewRef(partials);
    made->sink = Py_NewRef(Py_None);
    made->index = 0;
    return (PyObject *)made;
}

#ifdef Py_GIL_DISABLED /* several threads at once, and another collector: Python's own memory */

static inline PyObject *blank(PyObject *kind)
{
    return ((PyTypeObject *)kind)->tp_new((PyTypeObject *)kind, no_arguments, NULL);
}

static inline PyObject *new_operands(PyObject *operands, PyObject *nodes, PyObject *partials)
{
    nary_object *made = PyObject_GC_New(nary_object, nary_type);
    if (made == NULL)
        return NULL;
    fill_operands(made, operands, nodes, partials);
    PyObject_GC_Track((PyObject *)made);
    return (PyObject *)made;
}

static inline int keep_nodes(PyObject *kind, PyObject *info, PyObject *nary, PyObject *watching)
{
    PyTypeObject *type = (PyTypeObject *)kind;
    nary_type = (PyTypeObject *)nary;
    no_arguments = PyTuple_New(0);
    if (no_arguments == NULL || set_signature(type, SIGNATURE) < 0 || keep_properties(type, assign) < 0 ||
        set_operators_signatures(type) < 0)
        return -1;
    return take_own_attributes(type, (PyTypeObject *)info, watching);
}

#else

#define SLAB_NODES 1088 /* 128 kilobytes */
#define SPARE_SLABS 256   /* that many empty ones wait to be used again: 32 megabytes, what a training step may use */
#define YOUNG_NODES 10000 /* that many new ones are shown before the collector is called */

typedef struct {
    uintptr_t collector[2]; /* its header stands before each object */
    node_object node;
} cell;

typedef struct slab {
    struct slab *next, *previous; /* in the list of those with free cells */
    node_object *free;            /* linked by ``a``; a free cell has no type */
    int used, shown, place, fresh;
    cell cells[SLAB_NODES];
} slab;

static PyTypeObject *value_type = NULL;
static PyObjectArenaAllocator arenas; /* pages of their own, which go back to the system whatever is beside them */
static slab **slabs = NULL, *open_slabs = NULL;
static int slab_count = 0, slab_places = 0, spare_slabs = 0;
static node_object *unsettled = NULL; /* the newest, of which it is not decided yet whether it is shown */
static Py_ssize_t hidden_nodes = 0, shown_nodes = 0, shown_before = 0, young_nodes = 0;
static int collections = 0, collecting = 0;
static node_object *doomed = NULL; /* to be freed, linked by ``weak`` */
static int freeing_values = 0;

static inline int is_shown(PyObject *object) /* PyObject_GC_IsTracked */
{
    return ((uintptr_t *)object)[-2] != 0;
}

/* operands that ``new_operands`` made, and nobody showed */
static inline int are_hidden(PyObject *info)
{
    return Py_TYPE(info) == nary_type && !is_shown(info);
}

static void show_operands(nary_object *many)
{
    PyObject_GC_Track((PyObject *)many);
    if (!is_shown(many->operands))
        PyObject_GC_Track(many->operands);
    if (!is_shown(many->nodes))
        PyObject_GC_Track(many->nodes);
}

static inline void show(node_object *node)
{
    PyObject_GC_Track((PyObject *)node);
    if (node->info != NULL && are_hidden(node->info))
        show_operands((nary_object *)node->info);
    slabs[node->home]->shown++;
    hidden_nodes--;
    shown_nodes++;
    young_nodes++;
}

/* Whether all of them are operands that are hidden too. */
static inline int refer_to_hidden(PyObject *info)
{
    if (!are_hidden(info))
        return 0;
    PyObject *nodes = ((nary_object *)info)->nodes;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(nodes); i++)
        if (is_shown(PyList_GET_ITEM(nodes, i)))
            return 0;
    return 1;
}

/* Show the newest node, now that it has its operands, if it could ever be in a cycle. */
static inline void settle(void)
{
    node_object *node = unsettled;
    unsettled = NULL;
    if (node == NULL || is_shown((PyObject *)node))
        return;
    if ((node->info == Py_None || node->info == NULL || PyUnicode_CheckExact(node->info) ||
         refer_to_hidden(node->info)) &&
        (node->a == Py_None || node->a == NULL || !is_shown(node->a)) &&
        (node->b == Py_None || node->b == NULL || !is_shown(node->b)) &&
        (node->prim == Py_None || node->prim == NULL || ((op_object *)node->prim)->permanent))
        return;
    show(node);
}

static void show_all(void)
{
    unsettled = NULL;
    for (int i = 0; i < slab_places && hidden_nodes > 0; i++) {
        slab *in = slabs[i];
        if (in == NULL || in->used == in->shown)
            continue;
        for (int k = 0; k < in->fresh; k++) {
            node_object *node = &in->cells[k].node;
            /* one without references is about to be freed */
            if (Py_TYPE(node) != NULL && Py_REFCNT(node) > 0 && !is_shown((PyObject *)node))
                show(node);
        }
    }
}

/* As CPython does of its own accord for what it allocates: the young ones often, all of them when many are new. */
static void collect(void)
{
    young_nodes = 0;
    if (collecting || !PyGC_IsEnabled())
        return;
    collecting = 1;
    int all = ++collections % 10 == 0 && shown_nodes > shown_before + shown_before / 4;
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *done = gc == NULL ? NULL : PyObject_CallMethod(gc, "collect", "i", all ? 2 : 1);
    if (done == NULL)
        PyErr_WriteUnraisable(NULL);
    Py_XDECREF(done);
    Py_XDECREF(gc);
    PyErr_Restore(type, error, trace);
    if (all)
        shown_before = shown_nodes;
    collecting = 0;
}

static inline void open_slab(slab *in)
{
    in->previous = NULL;
    in->next = open_slabs;
    if (open_slabs != NULL)
        open_slabs->previous = in;
    open_slabs = in;
}

static inline void close_slab(slab *in)
{
    if (in->previous != NULL)
        in->previous->next = in->next;
    else
        open_slabs = in->next;
    if (in->next != NULL)
        in->next->previous = in->previous;
}

static void drop_slab(slab *in)
{
    close_slab(in);
    slabs[in->place] = NULL;
    slab_count--;
    PyTraceMalloc_Untrack(0, (uintptr_t)in);
    arenas.free(arenas.ctx, in, sizeof(slab));
}

static int new_slab(void)
{
    int place = 0;
    if (slab_count == slab_places) {
        int places = slab_places ? 2 * slab_places : 64;
        slab **more = PyMem_RawRealloc(slabs, places * sizeof(slab *));
        if (more == NULL)
            return -1;
        memset(more + slab_places, 0, (places - slab_places) * sizeof(slab *));
        place = slab_places;
        slabs = more;
        slab_places = places;
    }
    while (slabs[place] != NULL)
        place++;
    slab *made = arenas.alloc(arenas.ctx, sizeof(slab));
    if (made == NULL)
        return -1;
    PyTraceMalloc_Track(0, (uintptr_t)made, sizeof(slab));
    made->free = NULL;
    made->used = made->shown = made->fresh = 0;
    made->place = place;
    slabs[place] = made;
    slab_count++;
    spare_slabs++;
    open_slab(made);
    return 0;
}

/* A cell for a new node, in whose header and fields there may be anything; NULL, with an error, if there is no memory. */
static inline node_object *free_cell(void)
{
    settle();
    if (young_nodes > YOUNG_NODES)
        collect();
    if (open_slabs == NULL && new_slab() < 0) {
        PyErr_NoMemory();
        return NULL;
    }
    slab *in = open_slabs;
    node_object *node = in->free;
    if (node != NULL)
        in->free = (node_object *)node->a;
    else {
        node = &in->cells[in->fresh++].node;
        memset(node, 0, sizeof(PyObject)); /* a reference count of others' can look like an immortal object's, and stay */
    }
    if (in->used++ == 0)
        spare_slabs--;
    if (in->used == SLAB_NODES)
        close_slab(in);
    node->home = in->place;
    hidden_nodes++;
    unsettled = node;
    ((uintptr_t *)node)[-2] = ((uintptr_t *)node)[-1] = 0;
    node->weak = NULL;
    return node;
}

static PyObject *take_cell(PyTypeObject *type, Py_ssize_t items)
{
    if (type != value_type)
        return PyType_GenericAlloc(type, items);
    node_object *node = free_cell();
    if (node == NULL)
        return NULL;
    node->a = node->b = node->prim = node->info = NULL;
    node->data = node->grad = node->pa = node->pb = node->adjoint = 0.0;
    node->mark = 0;
    return PyObject_Init((PyObject *)node, type);
}

/* What ``Value.__new__(Value)`` gives, without the classes' ways to it; its numbers are still to be set. */
static inline PyObject *blank(PyObject *kind)
{
    if ((PyTypeObject *)kind != value_type)
        return ((PyTypeObject *)kind)->tp_new((PyTypeObject *)kind, no_arguments, NULL);
    node_object *node = free_cell();
    if (node == NULL)
        return NULL;
    node->a = Py_NewRef(Py_None);
    node->b = Py_NewRef(Py_None);
    node->prim = Py_NewRef(Py_None);
    node->info = Py_NewRef(Py_None);
#if defined(Py_REF_DEBUG) || defined(Py_TRACE_REFS)
    return PyObject_Init((PyObject *)node, value_type);
#else
    Py_SET_TYPE(node, value_type);
    Py_SET_REFCNT(node, 1);
    return (PyObject *)node;
#endif
}

static inline void give_cell(node_object *node)
{
    slab *in = slabs[node->home];
    Py_SET_TYPE(node, NULL);
    node->a = (PyObject *)in->free;
    in->free = node;
    if (in->used-- == SLAB_NODES)
        open_slab(in);
    if (in->used == 0) {
        if (spare_slabs < SPARE_SLABS) {
            spare_slabs++;
            in->free = NULL; /* so that neighbours of the next graph are neighbours in memory */
            in->fresh = 0;
            return;
        }
        drop_slab(in);
    }
}

static inline void free_node(node_object *node)
{
    PyObject *a = node->a, *b = node->b, *prim = node->prim, *info = node->info;
    give_cell(node);
    Py_XDECREF(prim);
    Py_XDECREF(info);
    Py_XDECREF(b);
    Py_XDECREF(a);
}

/* The first to go frees, one after the other, those that go with it: a chain may have any length. */
static void free_values(PyObject *self)
{
    if (Py_TYPE(self) != value_type) { /* a class made in Python, whose own deallocator doesn't recurse */
        free_one(self);
        return;
    }
    node_object *node = (node_object *)self;
    if (unsettled == node)
        unsettled = NULL;
    if (is_shown(self)) {
        PyObject_GC_UnTrack(self);
        slabs[node->home]->shown--;
        shown_nodes--;
        if (young_nodes > 0)
            young_nodes--;
    }
    else
        hidden_nodes--;
    if (node->weak != NULL)
        PyObject_ClearWeakRefs(self);
    if (freeing_values) {
        node->weak = (PyObject *)doomed;
        doomed = node;
        return;
    }
    freeing_values = 1;
    free_node(node);
    while (doomed != NULL) {
        node = doomed;
        doomed = (node_object *)node->weak;
        free_node(node);
    }
    freeing_values = 0;
}

/* An assignment from Python, to a field of a node or of what it has besides: it can close a cycle. */
static int assign_and_show(PyObject *self, PyObject *value, void *closure)
{
    if (value != NULL && PyObject_IS_GC(value)) /* anything else refers to nothing */
        show_all();
    return assign(self, value, closure);
}

/* Before a collection: the newest node may be in a cycle by now. After one of everything, for which Python gives back
   what it keeps to use again, too. */
static PyObject *around_collection(PyObject *self, PyObject *phase_and_info)
{
    settle();
    const char *phase;
    PyObject *info;
    if (!PyArg_ParseTuple(phase_and_info, "sO!", &phase, &PyDict_Type, &info))
        return NULL;
    PyObject *generation = PyDict_GetItemString(info, "generation"); /* borrowed */
    if (!collecting && strcmp(phase, "stop") == 0 && generation != NULL && PyLong_AsLong(generation) == 2)
        for (int i = 0; i < slab_places && spare_slabs > 1; i++)
            if (slabs[i] != NULL && slabs[i]->used == 0) {
                drop_slab(slabs[i]);
                spare_slabs--;
            }
    Py_RETURN_NONE;
}

static PyMethodDef around_collection_method = {"around_collection", around_collection, METH_VARARGS, NULL};

static int call_around_collections(void)
{
    PyObject *gc = PyImport_ImportModule("gc"), *callbacks = NULL, *callback = NULL;
    if (gc != NULL)
        callbacks = PyObject_GetAttrString(gc, "callbacks");
    if (callbacks != NULL)
        callback = PyCFunction_New(&around_collection_method, NULL);
    int failed = callback == NULL || PyList_Append(callbacks, callback) < 0;
    Py_XDECREF(callback);
    Py_XDECREF(callbacks);
    Py_XDECREF(gc);
    return failed ? -1 : 0;
}

/* Operands come and go by the thousand: some blocks wait to be used again. */
#define SPARE_OPERANDS 256
static nary_object *spare_operands[SPARE_OPERANDS];
static int spare_operands_count = 0;

static void keep_operands(void *object)
{
    if (Py_TYPE((PyObject *)object) == nary_type && spare_operands_count < SPARE_OPERANDS)
        spare_operands[spare_operands_count++] = object;
    else
        PyObject_GC_Del(object);
}

/* Hidden with their lists, until the node that they are made for is shown. */
static inline PyObject *new_operands(PyObject *operands, PyObject *nodes, PyObject *partials)
{
    nary_object *made;
    if (spare_operands_count > 0)
        made = (nary_object *)PyObject_Init((PyObject *)spare_operands[--spare_operands_count], nary_type);
    else if ((made = PyObject_GC_New(nary_object, nary_type)) == NULL)
        return NULL;
    PyObject_GC_UnTrack(operands);
    PyObject_GC_UnTrack(nodes);
    PyObject_GC_UnTrack(partials); /* for good: numbers */
    return fill_operands(made, operands, nodes, partials);
}

static inline int keep_nodes(PyObject *kind, PyObject *info, PyObject *nary, PyObject *watching)
{
    PyTypeObject *type = (PyTypeObject *)kind;
    nary_type = (PyTypeObject *)nary;
    no_arguments = PyTuple_New(0);
    if (nary_type->tp_free == PyObject_GC_Del)
        nary_type->tp_free = keep_operands;
    if (no_arguments == NULL || set_signature(type, SIGNATURE) < 0 || call_around_collections() < 0 ||
        take_own_attributes(type, (PyTypeObject *)info, watching) < 0)
        return -1;
    before_closing_a_cycle = show_all;
    PyObject_GetArenaAllocator(&arenas);
    if (type->tp_basicsize == sizeof(node_object) && type->tp_weaklistoffset == offsetof(node_object, weak)) {
        value_type = type;
        free_one = type->tp_dealloc;
        type->tp_dealloc = free_values;
        type->tp_alloc = take_cell;
    }
    for (; type != NULL && type != &PyBaseObject_Type; type = type->tp_base)
        if (keep_properties(type, assign_and_show) < 0 || set_operators_signatures(type) < 0)
            return -1;
    if (keep_properties(nary_type, assign_and_show) < 0)
        return -1;
    return keep_properties((PyTypeObject *)info, assign_and_show);
}

#endif
#endif
