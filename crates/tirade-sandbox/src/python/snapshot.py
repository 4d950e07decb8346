# The interpreter of the WASM back end. componentize-py imports this module once, keeps the memory that is there then, and
# makes it a component: an instance begins with everything loaded and warmed. There is one call, `exchange`.

PLAN = json.loads(pathlib.Path(__file__).with_name("plan.json").read_text())


def prepare(plan):
    """Loads everything. SymPy asks for ctypes, which WebAssembly does not have, when it is loaded, not to compute."""
    absent = types.ModuleType("ctypes")
    absent.c_long = absent.c_int = absent.sizeof = lambda *_: 8
    sys.modules["ctypes"] = absent
    held = preload(plan)
    for name in [name for name in sys.modules if name.partition(".")[0] == "ctypes"]:
        del sys.modules[name]
    code = private_code(plan["cells"], plan["available"])
    cell, tools = code["Cell"](), code["Tools"]()
    sys.path[:] = []
    os.environ.clear()
    gc.collect()
    gc.freeze()
    gc.enable()
    held = ", ".join(f"{name} {held[name]}" for name in sorted(held))
    answers = {b"V": lambda: (b"o", held.encode()), b"R": room}
    return lambda kind, body: answers[kind]() if kind in answers else code["answer"](cell, tools, kind, body)


def room():
    """Whether a few megabytes are left."""
    try:
        return (b"o", b"") if bytearray(3 << 20) else None
    except MemoryError:
        return (b"m", b"")


class WitWorld(wit_world.WitWorld):
    ANSWER = staticmethod(prepare(PLAN))

    def exchange(self, kind, body):
        if not sys.argv:  # componentize-py begins each instance with its host's arguments, and there are none
            sys.argv = ["-c"]
        said, text = WitWorld.ANSWER(bytes([kind]), body)
        return said[0], text
