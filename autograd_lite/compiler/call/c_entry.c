/* The C between Python and printed functions: a function that Python calls, for every program the same.

   A program has ag_run, which takes pointers to all that the printed function is called with and what it returns, and
   its space: the numbers that these pointers point at. c_entry.py lays the space out, and says in words (whole numbers)
   what is where. Written against Python's stable ABI, without its headers; what is known of the memory of objects is
   tried before it is used (c_forms.numpy_objects). AG_HEAD is the size of what every object begins with, AG_FIRST where
   a tuple's items begin and a list has the pointer to its own, AG_TEXT where a bytes object's text begins; AG_ITEM and
   so on are c_forms.TESTS. */

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct _object PyObject;
typedef ptrdiff_t Py_ssize_t;
typedef struct {
  const char *name;
  PyObject *(*call)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);
  int flags;
  const char *doc;
} PyMethodDef;
typedef struct {
  char head[AG_HEAD];
  double *data;
  int nd;
  Py_ssize_t *dims, *strides;
  PyObject *base, *descr;
  int flags;
} ag_ndarray;
extern PyObject PyFloat_Type, PyList_Type, PyTuple_Type, _Py_TrueStruct, *PyExc_Exception;
extern PyObject *PyFloat_FromDouble(double), *PyErr_Occurred(void), *PyErr_NoMemory(void), *PyDict_New(void);
extern PyObject *PyList_New(Py_ssize_t), *PyTuple_New(Py_ssize_t);
extern int PyTuple_SetItem(PyObject *, Py_ssize_t, PyObject *);
extern Py_ssize_t PyList_Size(PyObject *), PyTuple_Size(PyObject *), PySet_Size(PyObject *), PyObject_Size(PyObject *);
extern int PyDict_SetItem(PyObject *, PyObject *, PyObject *), PyObject_IsTrue(PyObject *);
extern void Py_IncRef(PyObject *), Py_DecRef(PyObject *), PyErr_Clear(void);
extern void *PyCapsule_GetPointer(PyObject *, const char *);
extern PyObject *PyObject_Vectorcall(PyObject *, PyObject *const *, size_t, PyObject *), *PyObject_CallNoArgs(PyObject *);
extern PyObject *PyDict_GetItemWithError(PyObject *, PyObject *), *PyCell_Get(PyObject *);
extern PyObject *PyFunction_GetCode(PyObject *), *PyFunction_GetDefaults(PyObject *);
extern PyObject *PyFunction_GetKwDefaults(PyObject *);
extern long PyLong_AsLong(PyObject *);
extern int PyErr_ExceptionMatches(PyObject *);

#define AG_TYPE(x) (*(PyObject **)(void *)((char *)(x) + AG_HEAD - sizeof(PyObject *)))
#define AG_ITEMS(x) ((PyObject **)(void *)((char *)(x) + AG_FIRST))
#define AG_ROW(x) (*(PyObject ***)(void *)((char *)(x) + AG_FIRST))
#define AG_NUMBER(x) (*(double *)(void *)((char *)(x) + AG_HEAD))
#define AG_BYTES(x) ((const void *)((char *)(x) + AG_TEXT))

/* what an entry's self has: c_engine.CEngine.calling */
enum {
  AG_LIBRARY, AG_WORDS, AG_SPACE, AG_NDARRAY, AG_DTYPE, AG_EMPTY, AG_OBSERVERS, AG_KINDS, AG_TESTS, AG_SLOW, AG_SINGLE,
  AG_NAMES
};
enum { AG_FLOAT, AG_ARRAY, AG_LIST, AG_TUPLE, AG_DICT }; /* c_forms.KINDS */

/* the words that come first (c_entry.Entry); forms follow, and from ``rest`` on what ag_call says */
typedef struct {
  void (*run)(double **, double *);
  double *space; /* whether it is in use; the pointers; the numbers that they point at */
  Py_ssize_t size, pointers, work, given, results, guard, rest;
} ag_words;

void ag_close(PyObject *capsule);
void ag_close(PyObject *capsule) { dlclose(PyCapsule_GetPointer(capsule, NULL)); }

/* --- memory --- */

/* the space; a copy of it where it is in use: by a call that this one is inside of, which a finalizer may have made */
static double *ag_taken(const ag_words *w) {
  double *space = w->space, **p;
  Py_ssize_t k;
  if (*space == 0.0) {
    *space = 1.0;
    return space;
  }
  if ((space = malloc((size_t)w->size * sizeof(double))) == NULL) {
    PyErr_NoMemory();
    return NULL;
  }
  memcpy(space, w->space, (size_t)w->work * sizeof(double));
  for (p = (double **)(void *)(space + 1), k = 0; k < w->pointers; k++) {
    if (p[k] >= w->space && p[k] < w->space + w->size) p[k] = space + (p[k] - w->space);
  }
  return space;
}

static void ag_given_back(const ag_words *w, double *space) {
  if (space == w->space) *space = 0.0;
  else free(space);
}

/* --- numbers of objects, and objects of numbers: a form's words are its kind, its size, and what follows here --- */

/* PyArray_NewFromDescr, where it is known; else NumPy's empty makes the array */
PyObject *(*ag_numpy_new)(PyObject *, PyObject *, int, const Py_ssize_t *, void *, void *, int, PyObject *) = NULL;

/* an array's form: the place in self of its shape, how many axes, their lengths */
static PyObject *ag_new(PyObject *self, const Py_ssize_t *form) {
  if (ag_numpy_new == NULL) return PyObject_Vectorcall(AG_ITEMS(self)[AG_EMPTY], AG_ITEMS(self) + form[2], 1, NULL);
  Py_IncRef(AG_ITEMS(self)[AG_DTYPE]); /* which it takes */
  return ag_numpy_new(
    AG_ITEMS(self)[AG_NDARRAY], AG_ITEMS(self)[AG_DTYPE], (int)form[3], form + 4, NULL, NULL, 0, NULL);
}

/* the numbers of an array that has them one after the other; NULL for any other object */
static double *ag_array(PyObject *self, const Py_ssize_t *form, PyObject *x) {
  const ag_ndarray *a = (ag_ndarray *)(void *)x;
  Py_ssize_t k;
  if (AG_TYPE(x) != AG_ITEMS(self)[AG_NDARRAY] || a->nd != form[3] || a->descr != AG_ITEMS(self)[AG_DTYPE]) return NULL;
  for (k = 0; k < form[3]; k++) {
    if (a->dims[k] != form[4 + k]) return NULL;
  }
  return (a->flags & 0x101) == 0x101 ? a->data : NULL; /* contiguous and aligned */
}

/* read x to these numbers; whether it is of the form. A container's: how many items, how many runs of equal forms,
   and for each run where that form is, how many there are, and for a dict the place in self of the key */
static int ag_read(PyObject *self, const Py_ssize_t *words, Py_ssize_t at, PyObject *x, double *to) {
  const Py_ssize_t *form = words + at, *run, *end = form + 4 + 3 * form[3];
  PyObject **item = AG_ITEMS(x);
  Py_ssize_t k;
  switch (form[0]) {
  case AG_FLOAT:
    if (AG_TYPE(x) != &PyFloat_Type) return 0;
    *to = AG_NUMBER(x);
    return 1;
  case AG_ARRAY: {
    const double *from = ag_array(self, form, x);
    if (from != NULL) memcpy(to, from, (size_t)form[1] * sizeof(double));
    return from != NULL;
  }
  case AG_LIST:
    if (AG_TYPE(x) != &PyList_Type || PyList_Size(x) != form[2]) return 0;
    item = AG_ROW(x);
    break;
  default:
    if (AG_TYPE(x) != &PyTuple_Type || PyTuple_Size(x) != form[2]) return 0;
  }
  for (run = form + 4; run < end; run += 3) {
    const Py_ssize_t size = words[run[0] + 1];
    if (words[run[0]] == AG_FLOAT) {
      for (k = 0; k < run[1]; k++) {
        if (AG_TYPE(item[k]) != &PyFloat_Type) return 0;
        to[k] = AG_NUMBER(item[k]);
      }
    } else {
      for (k = 0; k < run[1]; k++) {
        if (!ag_read(self, words, run[0], item[k], to + k * size)) return 0;
      }
    }
    item += run[1];
    to += run[1] * size;
  }
  return 1;
}

static PyObject *ag_made(PyObject *self, const Py_ssize_t *words, Py_ssize_t at, const double *from) {
  const Py_ssize_t *form = words + at, *run, *end = form + 4 + 3 * form[3];
  PyObject *made, *item, **place;
  Py_ssize_t k;
  if (form[0] == AG_FLOAT) return PyFloat_FromDouble(*from);
  if (form[0] == AG_ARRAY) {
    if ((made = ag_new(self, form)) != NULL) {
      memcpy(((ag_ndarray *)(void *)made)->data, from, (size_t)form[1] * sizeof(double));
    }
    return made;
  }
  made = form[0] == AG_LIST ? PyList_New(form[2]) : form[0] == AG_TUPLE ? PyTuple_New(form[2]) : PyDict_New();
  if (made == NULL) return NULL;
  place = form[0] == AG_LIST ? AG_ROW(made) : AG_ITEMS(made);
  for (run = form + 4; run < end; run += 3) {
    const Py_ssize_t size = words[run[0] + 1], single = words[run[0]] == AG_FLOAT;
    for (k = 0; k < run[1]; k++, from += size) {
      item = single ? PyFloat_FromDouble(*from) : ag_made(self, words, run[0], from);
      if (item == NULL) goto lost;
      if (form[0] != AG_DICT) *place++ = item;
      else {
        const int failed = PyDict_SetItem(made, AG_ITEMS(self)[run[2]], item);
        Py_DecRef(item);
        if (failed) goto lost;
      }
    }
  }
  return made;
lost:
  Py_DecRef(made);
  return NULL;
}

/* --- a call of the user's --- */

/* whether something watches, or the surroundings have changed, as the tests in self say; -1: an interrupt */
static int ag_changed(PyObject *self) {
  PyObject *const *test = AG_ITEMS(AG_ITEMS(self)[AG_TESTS]), *seen;
  const char *kind = AG_BYTES(AG_ITEMS(self)[AG_KINDS]);
  int same = PySet_Size(AG_ITEMS(self)[AG_OBSERVERS]) == 0;
  for (; same && *kind; kind++, test += 3) {
    switch (*kind) {
    case AG_ITEM: same = PyDict_GetItemWithError(test[0], test[1]) == test[2]; break;
    case AG_WITHOUT: same = PyDict_GetItemWithError(test[0], test[1]) == NULL; break;
    case AG_CELL:
      seen = PyCell_Get(test[0]);
      same = seen == test[1];
      if (seen != NULL) Py_DecRef(seen);
      break;
    case AG_CODE: same = PyFunction_GetCode(test[0]) == test[1]; break;
    case AG_DEFAULTS: same = PyFunction_GetDefaults(test[0]) == test[1]; break;
    case AG_KEYWORDS: same = PyFunction_GetKwDefaults(test[0]) == test[1]; break;
    case AG_CLASS: same = AG_TYPE(test[0]) == test[1]; break;
    case AG_LENGTH: same = PyObject_Size(test[0]) == PyLong_AsLong(test[1]); break;
    default:
      seen = PyObject_CallNoArgs(test[0]);
      same = seen != NULL && PyObject_IsTrue(seen) == 1;
      if (seen != NULL) Py_DecRef(seen);
    }
  }
  if (PyErr_Occurred()) {
    if (!PyErr_ExceptionMatches(PyExc_Exception)) return -1;
    PyErr_Clear();
    return 1;
  }
  return !same;
}

/* whether the keywords are those in self, n of them */
static int ag_named(PyObject *self, PyObject *names, Py_ssize_t n) {
  PyObject *wanted = AG_ITEMS(self)[AG_NAMES];
  if (PyTuple_Size(wanted) != n || (names == NULL ? 0 : PyTuple_Size(names)) != n) return 0;
  while (n--) if (AG_ITEMS(names)[n] != AG_ITEMS(wanted)[n]) return 0;
  return 1;
}

static PyObject *ag_pair(PyObject *first, PyObject *second) {
  PyObject *both = first == NULL ? NULL : PyTuple_New(second == NULL ? 1 : 2);
  if (both == NULL) {
    if (first != NULL) Py_DecRef(first);
    if (second != NULL) Py_DecRef(second);
    return NULL;
  }
  PyTuple_SetItem(both, 0, first);
  if (second != NULL) PyTuple_SetItem(both, 1, second);
  return both;
}

/* the whole call; it hands on to the general way what is not of its forms, and a call where a guard does not hold or the
   surroundings have changed. The words that follow: the place of a value that is a result by itself, or 0; for each
   argument and each result where its form is and the place of its numbers; and for pointers into arrays, which of
   them they are, into which argument or (behind them) result, and to which number. */
static PyObject *ag_call(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
  const Py_ssize_t *words = AG_BYTES(AG_ITEMS(self)[AG_WORDS]);
  const ag_words *w = (const ag_words *)(const void *)words;
  const Py_ssize_t *rest = words + w->rest, value = rest[0], *given = rest + 1, *results = given + 2 * w->given;
  const Py_ssize_t *patch = results + 2 * w->results, *last = patch + 1 + 3 * patch[0];
  PyObject *found = NULL, *item;
  double **p, *space, *data;
  Py_ssize_t k;
  int changed;
  if (!ag_named(self, names, w->given - count)) goto slow;
  if ((changed = ag_changed(self))) {
    if (changed < 0) return NULL;
    goto slow;
  }
  if ((space = ag_taken(w)) == NULL) return NULL;
  p = (double **)(void *)(space + 1);
  for (k = 0; k < w->given; k++) {
    if (words[given[2 * k]] != AG_ARRAY && !ag_read(self, words, given[2 * k], args[k], space + given[2 * k + 1])) {
      goto other;
    }
  }
  for (patch++; patch < last && patch[1] < w->given; patch += 3) { /* arrays that are given */
    if ((data = ag_array(self, words + given[2 * patch[1]], args[patch[1]])) == NULL) goto other;
    p[patch[0]] = data + patch[2];
  }
  if (w->results != 1 && (found = PyTuple_New(w->results)) == NULL) goto end;
  for (k = 0; k < w->results; k++) { /* arrays that are made */
    if (words[results[2 * k]] != AG_ARRAY) continue;
    if ((item = ag_new(self, words + results[2 * k])) == NULL) goto lost;
    for (; patch < last && patch[1] == w->given + k; patch += 3) {
      p[patch[0]] = ((ag_ndarray *)(void *)item)->data + patch[2];
    }
    if (w->results == 1) found = item;
    else PyTuple_SetItem(found, k, item);
  }
  w->run(p, space + w->work);
  if (w->guard && space[w->guard] != 0.0) goto other;
  for (k = 0; k < w->results; k++) {
    if (words[results[2 * k]] == AG_ARRAY) continue;
    if ((item = ag_made(self, words, results[2 * k], space + results[2 * k + 1])) == NULL) goto lost;
    if (w->results == 1) found = item;
    else PyTuple_SetItem(found, k, item);
  }
  if (w->results == 1 && AG_ITEMS(self)[AG_SINGLE] != &_Py_TrueStruct) found = ag_pair(found, NULL);
  if (value && found != NULL) found = ag_pair(PyFloat_FromDouble(space[value]), found);
  goto end;
lost:
  if (found != NULL) Py_DecRef(found);
  found = NULL;
end:
  ag_given_back(w, space);
  return found;
other:
  if (found != NULL) Py_DecRef(found);
  ag_given_back(w, space);
slow:
  return PyObject_Vectorcall(AG_ITEMS(self)[AG_SLOW], args, (size_t)count, names);
}

/* a method that takes positional arguments as an array, and names */
PyMethodDef ag_call_definition = {"ag_call", ag_call, 0x0082, NULL};
