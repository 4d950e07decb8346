# Keeps the memory of the zygote shared with its children. A child pays for each page it writes to, and CPython writes to
# an object whenever it counts a reference to it: the first SymPy cell of a child copies two thousand pages that way. Here
# everything the zygote holds is made immortal, as CPython (from 3.12) makes `None`: its references are not counted, so its
# pages stay shared. And the heap is put on huge pages, so that a fork copies few page tables.
#
# Both only save time: what cannot be done on some system is left.

import ctypes, gc, sys, types  # noqa: E401

MADV_COLLAPSE, M_MMAP_THRESHOLD = 25, -3
HUGE, PAGE = 2 << 20, 4096
CODE_PARTS = ("co_consts", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_name", "co_qualname")
CODE_PARTS += ("co_filename", "co_linetable", "co_exceptiontable")


def share_memory(libc):
    libc.mallopt(M_MMAP_THRESHOLD, 1 << 20)  # what is needed here only must not stay as free memory within a child's limit
    gc.collect()
    if can_be_immortal():
        immortalize(everything())
    gc.freeze()
    libc.malloc_trim(0)
    collapse(libc)


def can_be_immortal():
    """The versions whose layout this was tested with."""
    return (3, 12) <= sys.version_info < (3, 14) and "t" not in sys.abiflags


def everything():
    """All objects that the interpreter can reach, collected or not."""
    found, fresh = {}, gc.get_objects()
    while fresh:
        found |= {id(thing): thing for thing in fresh}
        inner = gc.get_referents(*fresh)
        for thing in fresh:
            if type(thing) is types.CodeType:  # has no referents for the collector
                inner += [getattr(thing, part) for part in CODE_PARTS]
            elif type(thing) is dict:  # tells the collector of its values only
                inner += thing
        inner = {id(thing): thing for thing in inner}
        fresh = [inner[key] for key in inner.keys() - found.keys()]
    return found


def immortalize(found):
    """Gives every object the reference count of `None`. All at once: one call for each would take a second."""
    import numpy

    view = (ctypes.c_uint32 * (1 << 45)).from_address(PAGE)  # not at 0, which numpy takes for no address
    addresses = numpy.fromiter(found, dtype=numpy.int64, count=len(found))
    numpy.frombuffer(view, dtype=numpy.uint32)[(addresses - PAGE) >> 2] = ctypes.c_uint32.from_address(id(None)).value


def collapse(libc):
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    with open("/proc/self/maps") as file:
        lines = [line.split() for line in file]
    for span, rights, *_, name in (line if len(line) > 5 else [*line, ""] for line in lines):
        start, end = (int(number, 16) for number in span.split("-"))
        if rights.startswith("rw") and name in ("", "[heap]"):
            for place in range(-(-start // HUGE) * HUGE, end - HUGE + 1, HUGE):
                libc.madvise(place, HUGE, MADV_COLLAPSE)


