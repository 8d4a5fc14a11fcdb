"""What students' code does or is feared to do: eighty-nine hostile or clumsy behaviours, and more.

Each is a cell that defines `victim(told)`; `told` holds paths, ports and process numbers to aim at.
Most return what they could do, as a list that must be empty. The secrets to be found all begin with
`the-secret-`, which is all an attacker here knows of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.model import Answer, Facts, Opaque, Outcome

PRELUDE = '''
import asyncio, atexit, builtins, contextlib, ctypes, gc, os, re, resource, signal, socket, stat
import struct, subprocess, sys, threading, time, types
import numpy as np
libc = ctypes.CDLL(None, use_errno=True)

def could(*attempts):
    """The numbers of the attempts that neither raised nor came to nothing."""
    done = []
    for number, attempt in enumerate(attempts):
        with contextlib.suppress(BaseException):
            if attempt():
                done.append(number)
    return done

def put(path, text="x"):
    with open(path, "w") as file:
        file.write(text)
    return True

def get(path):
    with open(path, "rb") as file:
        return file.read(10_000).decode("utf-8", "replace") or True

def tcp(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(0.5)
        s.connect(address)
        return True

def wire():
    """Our own end of the channel, the number of this script, and what makes frames."""
    frame = sys._getframe()
    while "nonce" not in frame.f_locals:
        frame = frame.f_back
    ours = [vars(sys.modules["autograder.running." + name]) for name in ("wire", "frames")]
    every = types.SimpleNamespace(**ours[0] | ours[1])
    return frame.f_locals["link"].descriptor, frame.f_locals["nonce"], every
'''
HONEST = "\ndef honest(x):\n    return 2 * x + 1\n"

Expectation = Callable[[Answer], bool]


@dataclass(frozen=True)
class Behaviour:
    """One behaviour: the cell, and what the judge may see of it."""

    name: str
    source: str
    expect: Expectation
    cell: str = ""  # a cell of its own that misbehaves while it is loaded
    trouble: str = ""  # how its trouble must begin
    # whether the next hand-in, with the same code, must see no trace of this one
    next_student: bool = False
    # how often it is called in one script; what is expected is expected of the last call that came
    # back
    times: int = 1


def nothing(answer: Answer) -> bool:
    """All attempts came to nothing."""
    return (answer.outcome is Outcome.RAISED
            or (answer.outcome is Outcome.PASSED and answer.value == []))


class ends:
    """The call ended in one of these ways."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = outcomes

    def __call__(self, answer: Answer) -> bool:
        return answer.outcome in self.outcomes


def raised(*starts: str) -> Expectation:
    """The call raised, and its message begins in one of these ways, is short and printable."""
    return (lambda a: a.outcome is Outcome.RAISED and a.error.startswith(starts)
            and len(a.error) <= 400 and a.error.isprintable())


def opaque(answer: Answer) -> bool:
    """The value did not travel; its name did."""
    return type(answer.value) is Opaque


def _says(kind: str) -> Expectation:
    """The value did not travel; this was said of it."""
    return lambda answer: answer.value == Opaque(kind)


def array(*values: Any) -> Expectation:
    """An exact, plain array of these float64 values came back."""
    return (lambda a: type(a.value) is np.ndarray
            and a.value.tobytes() == np.array(values, dtype=np.float64).tobytes())


TIMED_OUT, CRASHED, RAISED, PASSED = (Outcome.TIMED_OUT, Outcome.CRASHED, Outcome.RAISED,
                                      Outcome.PASSED)
FINE = "def victim(told): return []"


def _one(name: str, body: str, expect: Expectation = nothing, **more: Any) -> Behaviour:
    """A behaviour whose victim has this body."""
    lines = "\n".join("    " + line for line in body.strip("\n").splitlines())
    return Behaviour(name, f"def victim(told):\n{lines}\n", expect, **more)


TIME_AND_MEMORY = [
    Behaviour("infinite loop in a cell", FINE, nothing, "while True: pass",
              "this cell did not end in time and was stopped"),
    _one("infinite loop in a function", "while True: pass", ends(TIMED_OUT)),
    _one("sleep forever", "time.sleep(10**6)", ends(TIMED_OUT)),
    _one("SIGSTOP itself", "os.kill(os.getpid(), signal.SIGSTOP)\nreturn []",
         ends(PASSED, RAISED, TIMED_OUT)),
    _one(
        "catches everything, ignores all signals, loops",
        """
for number in range(1, 65):
    with contextlib.suppress(Exception):
        signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True: pass
    except BaseException:
        pass
""",
        ends(TIMED_OUT),
    ),
    _one("memory bomb, bytearray of 3 GB", "return len(bytearray(3 << 30))", raised("MemoryError")),
    _one("memory bomb, numpy array of 3 GB", "return np.ones(3 << 27).sum()",
         raised("MemoryError")),
    _one("memory bomb, shared", "import mmap\nreturn len(mmap.mmap(-1, 3 << 30))",
         raised("OSError")),
    _one(
        "memory bomb, shared by /dev/zero",
        """
import mmap
page = mmap.mmap(os.open("/dev/zero", os.O_RDWR), 3 << 30)
for place in range(0, 3 << 30, 4096):
    page[place] = 1
return len(page)
""",
        raised("FileNotFoundError", "PermissionError"),
    ),
    _one(
        "memory bomb, shared by any file",
        """
import mmap
maps = (lambda prot=prot: mmap.mmap(os.open(told["library"], os.O_RDONLY), 4096,
                                    mmap.MAP_SHARED, prot)
        for prot in (1, 3))
return could(*maps)
""",
    ),
    _one("memory bomb, a stack", "import mmap\n"
         "return len(mmap.mmap(-1, 3 << 30, mmap.MAP_PRIVATE | 0x100))", raised("OSError")),
    _one(
        "fork bomb",
        """
children = 0
for _ in range(300):
    try:
        if not os.fork():
            time.sleep(20)
            os._exit(0)
    except OSError:
        break
    children += 1
return [children] if children else []
""",
    ),
    _one(
        "thread bomb",
        """
started = 0
for _ in range(400):
    try:
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
    except RuntimeError:
        break
    started += 1
return [started] if started else []
""",
    ),
    _one("print 60 MB", "for _ in range(60): print('x' * 10**6)\nreturn []"),
    _one("write 60 MB to descriptor 1", "for _ in range(60): os.write(1, b'x' * 10**6)\nreturn []"),
    _one(
        "fill the disk",
        """
def fill(place):
    written = 0
    for number in range(300):
        with open(f"{place}/hostile-{number}", "wb") as file:
            written += file.write(b"x" * 10**6)
    return written
return could(*(lambda place=place: fill(place) for place in told["places"]))
""",
    ),
    _one(
        "inode bomb",
        """
def crowd(place):
    for number in range(5000):
        os.close(os.open(f"{place}/hostile-{number}", os.O_CREAT | os.O_WRONLY))
    return True
return could(*(lambda place=place: crowd(place) for place in told["places"]))
""",
    ),
    _one(
        "sparse file of 1 TB",
        """
def stretch(place):
    os.truncate(os.open(f"{place}/hostile", os.O_CREAT | os.O_RDWR), 2**40)
    return True
return could(*(lambda place=place: stretch(place) for place in told["places"]))
""",
    ),
    _one("memfd bomb", "return could(lambda: os.write(os.memfd_create('hostile'), b'x' * 10**6))"),
    _one(
        "runs out of descriptors",
        """
files = []
with contextlib.suppress(OSError):
    while len(files) < 5000:
        files.append(open("/dev/null"))
told["files"] = files
return [len(files)] if len(files) > 64 else []
""",
    ),
    _one(
        "raises its own limits",
        """
up = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
limits = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)
return could(*(lambda n=n: resource.setrlimit(n, up) or True for n in limits))
""",
    ),
    _one("recursion bomb", "sys.setrecursionlimit(10**9)\ndef f(): return f()\nf()",
         ends(RAISED, CRASHED, TIMED_OUT)),
    _one("deeply nested source", "eval('(' * 10**5 + ')' * 10**5)", ends(RAISED, CRASHED)),
    _one("deeply nested cell", "return []", cell="x = " + "-" * 5000 + "1"),
    _one("a huge power", "return len(str(7 ** 7 ** 9)) and []", ends(TIMED_OUT, RAISED)),
    _one("segfault", "ctypes.string_at(0)", ends(CRASHED)),
    _one(
        "asks for a better priority",
        "return could(lambda: os.nice(-5) or 1, lambda: os.sched_setscheduler(0, 1, "
        "os.sched_param(10)) or 1)",
    ),
    _one("a hanging exit handler", "atexit.register(time.sleep, 10**6)\nsys.exit()", ends(RAISED)),
    _one("a thread left running",
         "threading.Thread(target=time.sleep, args=(10**6,)).start()\nreturn ['started']"),
    _one(
        "a process that outlives it",
        """
if not os.fork():
    os.setsid()
    if not os.fork():
        time.sleep(20)
    os._exit(0)
return ['started']
""",
    ),
]

ENDINGS = [
    _one("os._exit", "os._exit(0)", ends(CRASHED)),
    _one("sys.exit", "sys.exit(0)", raised("SystemExit: 0")),
    _one("KeyboardInterrupt", "raise KeyboardInterrupt", raised("KeyboardInterrupt")),
    _one("a BaseException of its own", "class Odd(BaseException): pass\nraise Odd('x')",
         raised("Odd: x")),
    _one("GeneratorExit", "raise GeneratorExit", raised("GeneratorExit")),
    _one(
        "an exception whose text raises",
        "class Odd(Exception):\n    def __str__(self): raise SystemExit\nraise Odd",
        raised("Odd: (its message cannot be shown)"),
    ),
    _one(
        "an exception whose text hangs",
        "class Odd(Exception):\n    def __str__(self):\n        while True: pass\nraise Odd",
        ends(TIMED_OUT),
    ),
    _one("a message of 10 MB with surrogates", "raise ValueError('\\ud800\\x00\\x1b[31m' * 10**6)",
         raised("ValueError: ")),
    _one("os.abort", "os.abort()", ends(CRASHED)),
]

NEIGHBOURS = [
    _one("kill(-1)", "return could(lambda: os.kill(-1, signal.SIGKILL) or 1)"),
    _one("kills its parent", "return could(*(lambda p=p: os.kill(p, signal.SIGKILL) or 1 for p in "
         "(os.getppid(), told['judge'])))"),
    _one("kills its process group", "return could(lambda: os.kill(0, signal.SIGKILL) or 1, lambda: "
         "os.killpg(told['judge'], 9) or 1)"),
    _one(
        "interrupts and stops the judge",
        """
signals = (signal.SIGINT, signal.SIGTERM, signal.SIGSTOP, signal.SIGUSR1)
return could(*(lambda p=p, s=s: os.kill(p, s) or 1
               for p in (os.getppid(), told['judge']) for s in signals))
""",
    ),
    _one(
        "signals the judge through a descriptor",
        """
import fcntl
fd = wire()[0]
def own():
    fcntl.fcntl(fd, fcntl.F_SETOWN, told["judge"])
    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_ASYNC | fcntl.fcntl(fd, fcntl.F_GETFL))
    return True
return could(own)
""",
    ),
    _one(
        "starves the judge with prlimit",
        "return could(*(lambda p=p: resource.prlimit(p, resource.RLIMIT_NOFILE, (3, 3)) for p in "
        "(os.getppid(), told['judge'])))",
    ),
    _one(
        "slows the judge down",
        """
return could(
    lambda: os.sched_setaffinity(told["judge"], {0}) or 1,
    lambda: os.setpriority(os.PRIO_PROCESS, told["judge"], 19) or 1,
    lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19) or 1,
)
""",
    ),
    _one(
        "reads other processes in /proc",
        """
def look(pid, name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read(100_000).decode("utf-8", "replace") or None
numbers = [p for p in os.listdir("/proc") if p.isdigit()] if os.path.isdir("/proc/1") else []
numbers += [1, os.getppid(), told["judge"]]
return [text for p in numbers for n in ("environ", "maps", "cmdline", "cwd/")
        for text in [None] if could(lambda: look(p, n))]
""",
    ),
    _one("ptrace", "return could(*(lambda p=p: libc.ptrace(16, p, 0, 0) == 0 for p in "
         "(os.getppid(), told['judge'])))"),
    _one(
        "reads the judge's memory",
        """
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(64)
ours, theirs = Vector(ctypes.addressof(buffer), 64), Vector(told["address"], 64)
return could(lambda: libc.process_vm_readv(told["judge"], ctypes.byref(ours), 1,
                                           ctypes.byref(theirs), 1, 0) > 0 and buffer.raw.hex())
""",
    ),
    _one(
        "makes namespaces and mounts",
        """
flags = (0x10000000, 0x20000, 0x10000000 | 0x20000, 0)
return could(*(lambda f=f: libc.unshare(f) == 0 for f in flags),
             lambda: libc.mount(b"none", b"/", b"tmpfs", 0, None) == 0)
""",
    ),
    _one(
        "io_uring, keyring, bpf, userfaultfd",
        """
numbers = {"x86_64": (425, 250, 321, 323, 298, 319),
           "aarch64": (425, 219, 280, 282, 241, 279)}[os.uname().machine]
buffer = ctypes.create_string_buffer(256)
arguments = ((4, buffer), (0, -3, 1), (0, buffer, 64), (0,), (buffer, 0, -1, -1, 0), (b"x", 0))
return could(*(lambda n=n, a=a: libc.syscall(n, *a) >= 0 for n, a in zip(numbers, arguments)))
""",
    ),
]

SECRETS = [
    _one("reads the solution by its path", "return [get(told['solution'])]",
         raised("PermissionError", "FileNotFoundError")),
    _one(
        "walks the disk for the secret",
        """
found, end = [], time.monotonic() + 0.6
for top in (os.path.dirname(told["solution"]), ".", told["home"], "/"):
    for folder, folders, files in os.walk(top):
        folders[:] = set(folders) - {"usr", "lib", "lib64", "proc", "sys", "site-packages"}
        for name in files:
            with contextlib.suppress(Exception):
                found += re.findall("the-secret-[0-9a-f]+", str(get(f"{folder}/{name}")))
        if time.monotonic() > end:
            return found
return found
""",
    ),
    _one(
        "reads the environment",
        """
texts = [str(dict(os.environ))]
for name in ("self", "1", os.getppid(), told["judge"]):
    with contextlib.suppress(OSError):
        texts.append(get(f"/proc/{name}/environ"))
return re.findall("the-secret-[0-9a-f]+", " ".join(texts))
""",
    ),
    _one(
        "reads about the machine and its people",
        """
files = ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/hosts", "/proc/meminfo",
         "/proc/version", told["home"] + "/.bashrc")
# what is shown of the home leads to Python and to numpy, if they lie there
on_the_way = (os.__file__, np.__file__)
others = lambda: [f for f in os.listdir(told["home"])
                  if not any(p.startswith(f"{told['home']}/{f}/") for p in on_the_way)]
return could(*(lambda f=f: get(f) for f in files), others)
""",
    ),
    _one("connects to the judge's machine",
         "return could(lambda: tcp(socket.AF_INET, ('127.0.0.1', told['tcp'])))"),
    _one(
        "sends datagrams",
        "return could(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', "
        "('127.0.0.1', told['udp'])))",
    ),
    _one(
        "connects to local sockets",
        "return could(lambda: tcp(socket.AF_UNIX, '\\0' + told['abstract']), lambda: "
        "tcp(socket.AF_UNIX, told['unix']))",
    ),
    _one(
        "reaches the solution by a link",
        """
def link(place):
    os.symlink(told["solution"], f"{place}/hostile-link")
    return get(f"{place}/hostile-link")
return could(*(lambda p=p: link(p) for p in told["places"]))
""",
    ),
    _one(
        "uses descriptors that were left open",
        """
def read(fd):
    return not stat.S_ISSOCK(os.fstat(fd).st_mode) and os.pread(fd, 1000, 0)
return could(*(lambda fd=fd: read(fd) for fd in range(3, 1024)))
""",
    ),
    _one(
        "searches objects, frames and modules",
        """
texts = [o for o in gc.get_objects() if isinstance(o, str)]
texts += [repr(vars(m))[:10**5] for name, m in list(sys.modules.items())
          if name.startswith(("autograder", "__main__"))]
frame = sys._getframe()
while frame:
    texts.append(repr(frame.f_locals)[:10**5])
    frame = frame.f_back
return re.findall("the-secret-[0-9a-f]+", " ".join(texts))
""",
    ),
    _one(
        "imports the grader",
        """
loaded = {n for n in sys.modules if n.startswith("autograder")}
shown = ("autograder.worker", "autograder.running", "autograder.model")
return sorted(n for n in loaded if not n.startswith(shown) and n != "autograder")
""",
    ),
    _one(
        "imports an answer from the kit",
        """
sys.meta_path[:] = [m for m in sys.meta_path if "autograder" not in type(m).__module__]
def imported(name):
    __import__(f"autograder.{name}")
    return True
def read(name):
    return get(f"{told['kit']}/{name}.py")
names = ("tests.toys", "tests.test_checks_networks", "checks_api.symptoms", "dropout.masks",
         "dropout", "asking", "judge")
found = could(*(lambda n=n: imported(n) for n in names),
              *(lambda n=n: read(n.replace(".", "/")) for n in names))
for name in [n for n in sys.modules if re.match("autograder(?![.][wr])", n)]:
    del sys.modules[name]
sys.path[:0] = [os.path.dirname(told["kit"]), "/kit"]
return found + could(*(lambda n=n: imported(n) for n in names))
""",
    ),
    _one(
        "asks what others have read lately",
        "fd = os.open(told['library'], os.O_RDONLY)\n"
        "return could(lambda: os.preadv(fd, [bytearray(1)], 0, os.RWF_NOWAIT))",
    ),
    _one(
        "runs programs",
        """
return could(
    lambda: subprocess.run(["true"]).returncode == 0,
    lambda: os.system("true") == 0,
    lambda: os.popen("id").read(),
    lambda: os.posix_spawn("/bin/true", ["true"], {}),
)
""",
    ),
    Behaviour("magics", FINE, nothing,
              "!touch /tmp/hostile\n%run x\n%%bash\nget_ipython().system('id')"),
]

TRACES = [
    _one(
        "leaves code in site-packages",
        """
folders = [f for f in sys.path if f.endswith(("site-packages", "dist-packages")) or "lib" in f]
names = ("hostile.pth", "sitecustomize.py", "numpy/hostile.py")
return could(*(lambda f=f, n=n: put(f"{f}/{n}", "import os") for f in folders for n in names))
""",
        next_student=True,
    ),
    _one("leaves a file in its folder",
         "return could(lambda: put('hostile'), lambda: put('hostile-2'))", next_student=True),
    _one("leaves files in shared folders", "return could(*(lambda p=p: put(p + '/hostile') for p "
         "in told['places']))", next_student=True),
    _one(
        "patches numpy for the next student",
        "old = hasattr(np, 'hostile')\nnp.hostile = np.mean = lambda *a, **k: 42\n"
        "return ['seen'] if old else []",
        next_student=True,
    ),
    _one(
        "leaves shared memory",
        """
return could(
    lambda: libc.shmget(0x1234, 4096, 0o1600) >= 0,
    lambda: libc.msgget(0x1234, 0o1600) >= 0,
    lambda: libc.semget(0x1234, 1, 0o1600) >= 0,
)
""",
        next_student=True,
    ),
    _one(
        "changes files it can only read",
        """
return could(
    lambda: os.chmod(told["solution"], 0o777) or 1,
    lambda: os.utime(told["solution"]) or 1,
    lambda: os.chown(told["solution"], os.getuid(), -1) or 1,
    lambda: os.setxattr(told["solution"], "user.hostile", b"x") or 1,
    lambda: os.unlink(told["solution"]) or 1,
    lambda: os.rename(told["solution"], told["solution"] + "-hostile") or 1,
    lambda: os.close(os.open(told["solution"], os.O_RDONLY | os.O_TRUNC)) or 1,
)
""",
    ),
]

LIES = [
    _one(
        "patches what compares",
        "np.allclose = np.array_equal = np.testing.assert_allclose = lambda *a, **k: True\n"
        "return np.zeros(2)",
        array(0.0, 0.0),
    ),
    _one(
        "seeds the global generator",
        "np.random.seed(0)\nreturn np.random.default_rng(3).random(1)",
        array(*np.random.default_rng(3).random(1)),
    ),
    _one(
        "an array that equals everything",
        """
class Liar(np.ndarray):
    def __array_function__(self, *a): return True
    def __eq__(self, other): return True
    def tobytes(self, *a): return b"lies"
return np.zeros(2).view(Liar)
""",
        array(0.0, 0.0),
    ),
    _one(
        "an object that equals everything",
        "class A:\n    def __eq__(s, o): return True\n"
        "    def __array__(s, *a, **k): return np.ones(2)\nreturn A()",
        opaque,
    ),
    _one(
        "a generator and a lambda",
        "return (x for x in [1]), lambda: 1",
        lambda a: a.value == (Opaque("generator"), Opaque("function")),
    ),
    _one("NaN", "return np.full(2, np.nan)", array(np.nan, np.nan)),
    _one("infinity", "return np.full(2, np.inf)", array(np.inf, np.inf)),
    _one("an array of objects", "return np.array([object()])", opaque),
    _one("right values as text", "return np.array(['1.0', '2.0'])", opaque),
    _one("a scalar that would broadcast", "return np.float64(1)",
         lambda a: a.value.shape == () and a.value.dtype == np.float64),
    _one("a view of 4 GB", "return np.broadcast_to(np.float64(1), (2**29,))", opaque),
    _one("an empty array with a long axis", "return np.empty((2 * 10**8, 0))", opaque),
    _one("a thousand of them in a list", "return [np.empty((10**6, 0))] * 1000", opaque),
    _one("0.8 MB from each of 400 calls", "return np.ones(10**5)", opaque, times=400),
    _one("lists by the million", "return [[()] * 10_000] * 10_000", opaque),
    _one("a text of 10 MB", "return 'x' * 10**7", opaque),
    _one("a huge integer", "return 2**200", opaque),
    _one("a deeply nested list", "x = []\nfor _ in range(10**5): x = [x]\nreturn x", ends(PASSED)),
    _one("a list that contains itself", "x = []\nx.append(x)\nreturn x", ends(PASSED)),
    _one("a class named after its input", "return type(f'value x={told}', (), {})()",
         _says("object of a class of your own")),
    _one("a dtype named after its input", "return np.zeros(2, [(f'x={told}'[:99], 'f8')])",
         _says("array of dtype void")),
    _one(
        "a warning about its input",
        "import warnings\nwarnings.warn(f'x={told}')\nreturn 1",
        lambda a: a.facts is not None and a.facts.warnings == ("UserWarning",),
    ),
    _one(
        "an error in line 71620",
        "exec(compile('\\n' * 71619 + '1 / 0', '<answer cell victim>', 'exec'), globals())",
        lambda a: a.error.startswith("ZeroDivisionError") and "71620" not in a.line,
    ),
    _one("a class that lies about its name", "class A: __class__ = float\nreturn A()", opaque),
]

WIRE = [
    _one("garbage in the channel", "os.write(wire()[0], b'garbage' * 10)\nreturn []",
         ends(CRASHED)),
    _one(
        "a forged answer in advance",
        """
fd, nonce, w = wire()
forged = w.Answer(w.Outcome.PASSED, "forged", facts=w.Facts((1,)))
os.write(fd, w.frame(("answer", nonce, 0, forged)))
return "real"
""",
        # it may say of its own call what it likes; the next script must not be out of step
        lambda a: a.value == "forged",
    ),
    _one("a forged score", "fd, nonce, w = wire()\n"
         "os.write(fd, w.frame(('score', nonce, 0, 100.0)))\nreturn []", ends(CRASHED)),
    _one(
        "claims that the grader is broken",
        "fd, nonce, w = wire()\n"
        "os.write(fd, w.frame(('answer', nonce, 0, w.Answer(w.Outcome.BROKEN))))\nreturn []",
        ends(CRASHED),
    ),
    _one(
        "an answer made of arrays",
        "fd, nonce, w = wire()\n"
        "os.write(fd, w.frame((np.ones(2), np.ones(2), np.ones(2), np.ones(2))))\nreturn []",
        ends(CRASHED),
    ),
    _one("announces 4 GB and trickles",
         "fd = wire()[0]\nos.write(fd, struct.pack('>Q', 2**32))\ntime.sleep(60)", ends(CRASHED)),
    _one(
        "a slow trickle",
        """
fd, nonce, w = wire()
for byte in w.frame(("answer", nonce, 0, w.Answer(w.Outcome.PASSED, "x" * 500))):
    os.write(fd, bytes([byte]))
    time.sleep(0.05)
""",
        ends(TIMED_OUT),
    ),
    _one(
        "msgpack bombs",
        """
bomb = b"\\xdd\\xff\\xff\\xff\\xff" + b"\\xdd\\xff\\xff\\xff\\xff" * 1000
os.write(wire()[0], struct.pack(">QI", len(bomb) + 4, len(bomb)) + bomb)
return []
""",
        ends(CRASHED),
    ),
    _one(
        "a header a megabyte deep",
        "bomb = b'\\x91' * 10**6\n"
        "os.write(wire()[0], struct.pack('>QI', len(bomb) + 4, len(bomb)) + bomb)\ntime.sleep(60)",
        ends(CRASHED),
    ),
    _one(
        "a shape that wraps around",
        """
fd, nonce, w = wire()
value = ["a", "float64", 2**33, 2**31]
header = w.msgpack.packb(["t", "answer", nonce, 0,
                          ["answer", ["outcome", "passed"], value, "", "", None]])
os.write(fd, struct.pack(">QI", len(header) + 4, len(header)) + header)
return []
""",
        ends(CRASHED),
    ),
    _one(
        "a small frame with an endless axis",
        """
fd, nonce, w = wire()
value = ["a", "float64", 2 * 10**8, 0]
header = w.msgpack.packb(["t", "answer", nonce, 0,
                          ["answer", ["outcome", "passed"], value, "", "", None]])
os.write(fd, struct.pack(">QI", len(header) + 4, len(header)) + header)
return []
""",
        ends(CRASHED),
    ),
    _one(
        "a forged stack of a million answers",
        "fd, nonce, w = wire()\nos.write(fd, w.frame(('values', nonce, 0, np.empty((10**6, 0)))))\n"
        "return []",
        ends(CRASHED),
    ),
    _one(
        "forged answers to 400 calls, 0.8 MB each",
        """
fd, nonce, w = wire()
for call in range(400):
    answer = w.Answer(PASSED, np.ones(10**5), facts=w.Facts((1,)))
    for piece in w.pieces(("answer", nonce, call, answer)):
        view = memoryview(piece)
        while view:
            view = view[os.write(fd, view):]
""".replace("PASSED", "w.Outcome.PASSED"),
        ends(CRASHED),
        times=400,
    ),
    _one(
        "forged words about its input",
        """
fd, nonce, w = wire()
seen = f"x={told}"[:99]
facts = w.Facts((1,), warnings=(seen,))
answer = w.Answer(w.Outcome.PASSED, w.Opaque(seen), line=seen, facts=facts)
os.write(fd, w.frame(("answer", nonce, 0, answer)))
""",
        lambda a: a == Answer(PASSED, Opaque("object of a class of your own"),
                              facts=Facts((1,), warnings=("a warning of your own",))),
    ),
    _one("closes all descriptors", "os.closerange(0, 1024)\nreturn []", ends(CRASHED)),
    _one(
        "replaces builtins",
        "builtins.isinstance = builtins.len = builtins.type = lambda *a: True\nreturn []",
        ends(PASSED, RAISED, CRASHED),
    ),
    _one(
        "replaces one of the worker's functions",
        "sys.modules['autograder.running.runner'].plain = lambda *a: 1 / 0\nreturn []",
        ends(RAISED, CRASHED),
    ),
    _one(
        "replaces the worker's own functions",
        "m = sys.modules\nm['autograder.running.runner'].plain = "
        "m['autograder.running.frames'].pieces = lambda *a: 1 / 0\nreturn []",
        ends(RAISED, CRASHED),
    ),
]

CLUMSY = [
    _one(
        "changes its input and returns it",
        "told['x'] += 1\nreturn told['x']",
        lambda a: a.value.tolist() == [1.0, 1.0] and a.facts is not None
        and a.facts.arguments[0]["x"].tolist() == [1.0, 1.0],
    ),
    _one(
        "changes its answer from a thread",
        "def later():\n    while True: told['x'][:] = 9\nthreading.Thread(target=later).start()\n"
        "return told['x']",
        raised("RuntimeError"),
    ),
    _one("input()", "return input('p? ')", raised("EOFError")),
    _one("replaces stdin and stdout",
         "sys.stdin = sys.stdout = sys.stderr = None\nprint('x')\nreturn []"),
    Behaviour("not a function", "victim = 3", raised("TypeError: 'int' object is not callable")),
    Behaviour("no function at all", "", raised("NameError: victim is not defined")),
    Behaviour("an async function", "async def victim(told): return 1",
              lambda a: a.value == Opaque("coroutine")),
    _one(
        "colours, HTML and zeros in its output",
        "print('\\x1b[31m<script>\\0')\nraise ValueError('\\x1b[31m<script>\\0')",
        raised("ValueError: "),
    ),
    _one("chatty but right",
         "for _ in range(3000): print('x' * 100)\nreturn np.ones(1)", array(1.0)),
    Behaviour(
        "warnings and a missing package",
        "import warnings\ndef victim(told):\n    warnings.warn('careful\\x1b')\n    return []",
        lambda a: a.facts is not None and a.facts.warnings == ("UserWarning",),
        "import no_such_package\nimport matplotlib.pyplot as plt\nplt.style.use('x')",
        "ModuleNotFoundError",
    ),
]

BEHAVIOURS = [*TIME_AND_MEMORY, *ENDINGS, *NEIGHBOURS, *SECRETS, *TRACES, *LIES, *WIRE, *CLUMSY]
