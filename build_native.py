"""What the native build does to the C that mypyc writes, before a compiler sees it.

Six things, each on its own and none needed for right results: docstrings, short cuts that mypyc can't know to be worth
taking, memory used again, weak references, the plain source's errors, and one where there would be a crash. Where mypyc
writes other C than is looked for here, that one is left out whole; ``setup.py`` refuses that under
``AUTOGRAD_LITE_NATIVE=1``.
"""

import ast
import re
from pathlib import Path

__all__ = ["improve", "keep_to_main"]


def improve(source, rooms):
    """Rewrite the C file ``source`` (and the header beside it) that mypyc made of ``rooms``.

    Returns:
        The names of the improvements that were left out.
    """
    path = Path(source)
    header = path.with_suffix(".h")
    code, struct = path.read_text(encoding="utf-8"), header.read_text(encoding="utf-8")
    code = put_docstrings_back(code, rooms)
    missed = []
    for improvement in (quicken, recycle, refer, agree):
        improved, with_it, found = improvement(code, struct)
        if 0 in found:
            missed.append(improvement.__name__)
        else:
            code, struct = improved, with_it
    path.write_text(code, encoding="utf-8")
    header.write_text(struct, encoding="utf-8")
    return missed


def docstrings(room):
    """The docstrings of a room: by function, by class, and by (class, method)."""
    found = {}
    for item in ast.parse(Path(room).read_text(encoding="utf-8")).body:
        if isinstance(item, (ast.FunctionDef, ast.ClassDef)):
            found[item.name] = ast.get_docstring(item, clean=False)
        if isinstance(item, ast.ClassDef):
            for inner in item.body:  # the first of a property's functions is its getter, and has the text
                if isinstance(inner, ast.FunctionDef):
                    found.setdefault(f"{item.name}.{inner.name}", ast.get_docstring(inner, clean=False))
    return {name: text for name, text in found.items() if text}


def put_docstrings_back(code, rooms):
    """The docstrings, which mypyc leaves out: help() shows the same on every build."""
    texts = {Path(room).stem: docstrings(room) for room in rooms}

    def quoted(room, name):
        text = texts.get(room.split("___")[-1], {}).get(name)
        return text and "".join(
            chr(byte) if 31 < byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in text.encode()
        )

    def documented(match):
        head, room, name, signature = match.groups()
        text = quoted(room, name.replace("___", "."))
        return f'{head}{signature}{text}")' if text else match.group(0)

    def of_class(match):
        text = next((t for room in texts if (t := quoted(room, match[2]))), None)
        return f'{match[1]}{match[3]}{text}")' if text else match.group(0)

    def of_property(match):
        text = quoted(match[2], f"{match[3]}.{match[4]}")
        return f'{match[1]}"{text}", NULL}}' if text else match.group(0)

    call = r'PyDoc_STR\((".*?\\n--\\n\\n)"\)'
    rooms_of = "|".join(rf"(?:\w+___)?{re.escape(stem)}" for stem in texts)
    code = re.sub(
        rf"(\(PyCFunction\)CPyPy_({rooms_of})___(\w+),\s*METH_[^,]*,\s*PyDoc_STR\()" + call[len(r"PyDoc_STR\(") :],
        documented,
        code,
    )
    code = re.sub(
        r'(\.tp_name = "(\w+)",(?:(?!\.tp_name).)*?\.tp_doc = PyDoc_STR\()(".*?\\n--\\n\\n)"\)',
        of_class,
        code,
        flags=re.S,
    )
    return re.sub(
        rf"(\(getter\)({rooms_of})___([A-Z]\w*?)_get_(\w+),\s*(?:\(setter\)\w+|NULL),\s*)NULL,\s*NULL\}}",
        of_property,
        code,
    )


#: what mypyc makes of ``Value.__new__(Value)``: a method looked up by name, its arguments in a tuple
MAKING = re.compile(
    r"(\w+) = \(PyObject \*\)CPyType_value___Value;\s*\w+ = \(PyObject \*\)CPyType_value___Value;\s*"
    r"\w+ = CPyStatics\[\d+\]; /\* '__new__' \*/\s*PyObject \*\w+\[2\] = \{[^;]*;\s*\w+ = \(PyObject \*\*\)&\w+;\s*"
    r"(\w+) = PyObject_VectorcallMethod\([^;]*;"
)
CHECKING = re.compile(r"PyObject_TypeCheck\((\w+), (CPyType_(?:nodes___Node|base___Operand))\)")
TEMPLATE = re.compile(r"(static PyTypeObject CPyType_value___Value_template_ = \{[^{}]*?)(\.tp_name)", re.S)
LAST_INCLUDE = re.compile(r'#include "__native_internal_\w+\.h"\n')
POPPING = re.compile(r"\bCPyList_PopLast\(")
#: the end of a stack without giving its memory back, to ask for it again at the next push
POP = """
static PyObject *pop_kept(PyObject *list)
{
#ifndef Py_GIL_DISABLED
    Py_ssize_t last = PyList_GET_SIZE(list) - 1;
    if (last >= 0) {
        PyObject *item = PyList_GET_ITEM(list, last);
        Py_SET_SIZE(list, last);
        return item;
    }
#endif
    return CPyList_PopLast(list);
}
"""
#: the constructor for one positional argument, without a tuple of arguments and their parsing; all else as ever
CALLING = """
static PyObject *value___Value_vectorcall(PyObject *type, PyObject *const *args, size_t flags, PyObject *names)
{
    Py_ssize_t n = PyVectorcall_NARGS(flags), named = names == NULL ? 0 : PyTuple_GET_SIZE(names);
    if (n == 1 && named == 0 && type == (PyObject *)CPyType_value___Value)
        return CPyDef_value___Value(args[0], NULL);
    PyObject *made = NULL, *rest = PyTuple_New(n), *keywords = PyDict_New();
    if (rest == NULL || keywords == NULL)
        goto done;
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_INCREF(args[i]);
        PyTuple_SET_ITEM(rest, i, args[i]);
    }
    for (Py_ssize_t i = 0; i < named; i++)
        if (PyDict_SetItem(keywords, PyTuple_GET_ITEM(names, i), args[n + i]) < 0)
            goto done;
    made = PyType_Type.tp_call(type, rest, keywords);
done:
    Py_XDECREF(rest);
    Py_XDECREF(keywords);
    return made;
}

"""


# Each of the following takes the C file and the header, and returns both with how often each of its places was found.


def quicken(code, struct):
    """Four short cuts that mypyc can't know to be worth taking.

    ``Value.__new__(Value)`` becomes the call of the C constructor that it ends in; whether an object is a ``Node`` is
    first asked as "is it exactly a ``Value``", which nearly all are; ``Value(x)`` needs no tuple; and a stack keeps
    its memory until it is dropped.
    """
    slot = ".tp_vectorcall = value___Value_vectorcall,\n"
    setup_value = r"\1 = (PyObject *)CPyType_value___Value;\n    \2 = CPyDef_value_____mypyc__Value_setup(\1);"
    code, made = MAKING.subn(setup_value, code)
    code, checked = CHECKING.subn(r"(Py_TYPE(\1) == CPyType_value___Value || PyObject_TypeCheck(\1, \2))", code)
    code, called = TEMPLATE.subn(lambda found: CALLING + found[1] + slot + found[2], code)
    code, popped = POPPING.subn("pop_kept(", code)
    code, included = LAST_INCLUDE.subn(lambda found: found[0] + POP, code)
    return code, struct, (made, checked, called, popped, included)


#: where mypyc's C takes memory for a Value, and where it gives it back
TAKING = re.compile(r"self = (\(autograd_lite___engine___value___ValueObject \*\)type->tp_alloc\(type, 0\));")
GIVING = re.compile(
    r"(\svalue___Value_dealloc\(autograd_lite___engine___value___ValueObject \*self\)\s*\{[^{}]*?)"
    r"(Py_TYPE\(self\)->tp_free\(\(PyObject \*\)self\);)"
)
FREEING = re.compile(
    r"(\svalue___Value_dealloc\(autograd_lite___engine___value___ValueObject \*self\)\s*\{[^{}]*?)"
    r"(CPyDef_value___Value_clear\(\(PyObject \*\)self\);)"
)
#: an object of a class made in Python counts as a use of its class, which mypyc never takes back
KEEPING = """PyTypeObject *type = Py_TYPE(self);
if (type == CPyType_value___Value && waiting < RECYCLED)
    recycled[waiting++] = self;
else
    type->tp_free((PyObject *)self);
if (type != CPyType_value___Value)
    Py_DECREF(type);
"""
VISITING = re.compile(r"(\svalue___Value_traverse\([^{}]*\{)")
#: how many freed Values wait to be used again, as CPython's own floats and lists do: a megabyte of them at most
RECYCLED = """
#ifdef Py_GIL_DISABLED
#define RECYCLED 0
#else
#define RECYCLED 8192
#endif
static autograd_lite___engine___value___ValueObject *recycled[RECYCLED + 1];
static int waiting = 0;

static autograd_lite___engine___value___ValueObject *take_recycled(void)
{
    autograd_lite___engine___value___ValueObject *self = recycled[--waiting];
    memset((char *)self + sizeof(PyObject), 0, sizeof(*self) - sizeof(PyObject));
    PyObject_Init((PyObject *)self, CPyType_value___Value);
    PyObject_GC_Track(self);
    return self;
}
"""


def recycle(code, struct):
    """A training step makes and frees the same number of Values again and again: let it use the same memory.

    The collector, which counts what is newly made, then has nothing to do either. And a class made in Python (a
    subclass of Value) goes when nothing uses it any more.
    """
    code, taken = TAKING.subn(r"self = type == CPyType_value___Value && waiting > 0 ? take_recycled() : \1;", code)
    code, given = GIVING.subn(rf"\1{KEEPING}", code)
    code, included = LAST_INCLUDE.subn(lambda found: found[0] + RECYCLED, code)
    visit = r"\1\nif (Py_TYPE(self) != CPyType_value___Value)\n    Py_VISIT(Py_TYPE(self));"
    code, visited = VISITING.subn(visit, code)
    return code, struct, (taken, given, included, visited)


def refer(code, struct):
    """Weak references to Values, which mypyc gives no class without a ``__dict__``; as in the plain source."""
    struct, declared = re.subn(
        r"(\} autograd_lite___engine___value___ValueObject;)", r"    PyObject *weak;\n\1", struct
    )
    slot = ".tp_weaklistoffset = offsetof(autograd_lite___engine___value___ValueObject, weak),\n"
    code, offered = TEMPLATE.subn(lambda found: found[1] + slot + found[2], code)
    clear = "if (self->weak != NULL)\n    PyObject_ClearWeakRefs((PyObject *)self);\n"
    code, cleared = FREEING.subn(lambda found: found[1] + clear + found[2], code)
    return code, struct, (declared, offered, cleared)


#: the C function that Python calls to assign to a property; ``del`` calls it too, with nothing
SETTER = re.compile(r"(_set_(\w+)\(\w+ \*self, PyObject \*value, void \*closure\)\s*\{\n\s*)(char retval = 2;)")
GUARD = r"""\1if (value == NULL) {
        PyErr_Format(PyExc_AttributeError, "property '\2' of '%.200s' object has no deleter", Py_TYPE(self)->tp_name);
        return -1;
    }
    \3"""
#: the check that mypyc makes of an argument that is said to be a str
LABEL = 'CPy_TypeError("str", obj_label);'
NO_LABEL = (
    'PyErr_Format(PyExc_TypeError, "a label is a str, not %.200s: write label=str(%s)", '
    r'Py_TYPE(obj_label)->tp_name, "\342\200\246");'
)


def agree(code, struct):
    """The errors of the plain source where mypyc has its own, and an error where it has none: ``del v.data``."""
    code, guarded = SETTER.subn(GUARD, code)
    return code.replace(LABEL, NO_LABEL), struct, (guarded, code.count(LABEL))


#: the function by which Python loads a module of mypyc's
LOADING = re.compile(r"PyMODINIT_FUNC\s+PyInit_(\w+)\(void\)\s*\{(.*?\n)\}\n", re.S)
#: the same in two phases: in the second one, Python has told which interpreter the module is for
IN_PHASES = r"""static PyObject *create(PyObject *spec, PyModuleDef *definition)
{
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_ImportError, "autograd_lite.\1 is compiled, and serves the main interpreter alone; "
                                           "installed with AUTOGRAD_LITE_PURE=1 it serves every one");
        return NULL;
    }\2}

static PyModuleDef_Slot slots[] = {{Py_mod_create, create}, {0, NULL}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "\1", .m_slots = slots};

PyMODINIT_FUNC PyInit_\1(void)
{
    return PyModuleDef_Init(&definition);
}
"""


def keep_to_main(source):
    """Refuse to load the module of this C file in any interpreter but the main one: its classes are that one's.

    Returns:
        Whether the file is as expected.
    """
    path = Path(source)
    if "Py_mod_multiple_interpreters" in path.read_text(encoding="utf-8"):  # mypyc's own two phases, without the GIL
        return True
    code, found = LOADING.subn(IN_PHASES, path.read_text(encoding="utf-8"), count=1)
    path.write_text(code, encoding="utf-8")
    return found == 1
