# SPDX-License-Identifier: MIT
"""Starts and ends the Ray of tote-engine-ray: a head on loopback, and all its processes. Not for
batches, and not for anything of the protocol."""

import contextlib
import ctypes
import json
import os
import re
import secrets
import select
import shutil
import signal
import sys
import threading

import tote_ray_worker
from tote_engine import Failure

# Read by Ray when it is imported, and by all that it starts. Tried and left alone, since the CPU
# time of an empty task (0.9 ms: 0.4 here, 0.5 in the worker) did not move: metrics, event
# statistics, task events to the GCS, one RPC thread instead of many, Python's GC thread, lineage,
# no token. The two agents cannot go: the raylet waits for their ports.
SETTINGS = {
    "PYTHONDONTWRITEBYTECODE": "1",  # the workers import a module of ours
    "OMP_NUM_THREADS": "1",  # as on every engine; Ray warns and starts slowly without
    "RAY_AUTH_MODE": "token",  # 2.60 decides by what it finds in the home folder if not told
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_TASK_MAX_RETRIES": "0",  # trying again is the core's work
}
# For a user's commands: Ray would run them at the lowest priority, 15, and have them killed first
# when memory is short.
AS_ELSEWHERE = {"RAY_worker_niceness": "0", "RAY_worker_oom_score_adjustment": "0"}
STORE_BYTES = 80 << 20  # Ray takes no less than 75 MiB; records pass by value, outside of it
SOCKET_PATH_MAX = 107  # of AF_UNIX
SESSION_PATH_MAX = 66  # what Ray adds to its folder: session_DATE_TIME_PID/sockets/plasma_store
PR_SET_CHILD_SUBREAPER = 36
ending = threading.Event()  # from here on Ray's processes die because they are to


def settings():
    token = secrets.token_hex(32)  # in the environment only: no file in the home folder
    return {**SETTINGS, "RAY_AUTH_TOKEN": token}


def what_happened(error):
    """In one sentence, without Ray's advice and stack."""
    cause = getattr(error, "cause", None) or error  # of an exception in the worker's Python
    name = "" if type(cause) is RuntimeError else f"{type(cause).__name__}: "
    return name + re.split(r'[.]? *(?:[.] |$)', str(cause).strip(), 1, re.M)[0]


def trim(ray):
    """Ray without what no task needs: the autoscaler's monitor, the dashboard (which runs even
    when it is turned off), the log monitor. And without a wait: Ray asks for its new node once,
    then sleeps a whole second. Together 3.4 s of start become 1.3 s on 2 cores. It overrides
    private methods: the version is pinned for that too."""
    from ray._private import node, services

    class Head(node.Node):
        def start_monitor(self):
            pass

        def start_api_server(self, **_):
            self._webui_url = ""

        def start_log_monitor(self):
            pass

        def start_ray_processes(self):
            super().start_ray_processes()
            state = ray._private.state.GlobalState()
            state._initialize_global_state(services._get_gcs_client_options(self.gcs_address))
            waiting = threading.Event()
            while not any(one["NodeID"] == self._node_id for one in state.node_table()):
                waiting.wait(0.005)  # there is nothing to wait on but the table

    node.Node = Head


def mode(hello):
    """How a worker runs a batch: commands need a process, whatever the option says."""
    return "commands" if hello.slices else hello.options["mode"]


def start_ray(hello, folder):
    if len(folder) + SESSION_PATH_MAX > SOCKET_PATH_MAX:
        raise Failure(f"this scratch folder's name is too long for Ray's sockets: {folder}")
    os.environ[tote_ray_worker.BAG] = json.dumps({
        "kernel": hello.kernel, "size": hello.size, "seed": hello.seed,
        "library": hello.task_library, "program": hello.task_program,
        "mode": mode(hello), "folder": os.getcwd(), "scratch": hello.scratch})  # fmt: skip
    if mode(hello) == "inproc":
        check_kernel()
    if mode(hello) == "commands":
        os.environ.update(AS_ELSEWHERE)
    import ray

    # Ray would turn 127.0.0.1 into the machine's public address, and then listen everywhere.
    ray._private.services.resolve_ip_for_localhost = lambda host: host
    if hello.options["daemons"] == "needed":
        trim(ray)
    try:
        os.mkdir(folder, 0o700)
    except OSError as error:
        raise Failure(f"cannot make {folder}: {error.strerror}") from None
    sys.stdout = open(os.devnull, "w")  # Ray prints there, in colour, what `lost` says
    os.chdir(folder)  # Ray would let its workers import from the folder where tote was started
    try:
        ray.init(address="local", num_cpus=hello.slots, include_dashboard=False,
                 object_store_memory=STORE_BYTES, _temp_dir=folder, _node_ip_address="127.0.0.1",
                 log_to_driver=False, logging_level="ERROR")  # fmt: skip
    except Exception as error:
        raise Failure(f"Ray cannot start: {what_happened(error)}") from None
    threading.Thread(target=watch, args=(ray._private.worker._global_node, folder),
                     daemon=True).start()  # fmt: skip
    return ray


def watch(node, folder):
    """Ends this program when one of Ray's two servers dies: Ray itself would take half a minute
    to give up, and lose every batch until then."""
    deaths = select.poll()
    for name in ("gcs_server", "raylet"):
        for process in node.all_processes[name]:
            deaths.register(os.pidfd_open(process.process.pid), select.POLLIN)
    deaths.poll()
    if not ending.is_set():
        sys.stderr.write("tote-engine-ray: a server of Ray, its GCS or its raylet, died\n")
        sweep(folder)
        os._exit(1)


def check_kernel():
    """Here, where a refusal costs nothing, and in the words of the library."""
    try:
        tote_ray_worker.Library(**tote_ray_worker.bag()).close()
    except (OSError, RuntimeError) as error:
        raise Failure(str(error)) from None


def adopt():
    """Orphans of Ray's come to this process, so that sweep() finds every one."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def sweep(folder):
    """Ends and reaps all that this program started, grandchildren too, and removes the folder:
    50 ms, where ray.shutdown() takes a second and would first let tasks end."""
    ending.set()
    while True:
        for child in children():
            os.kill(child, signal.SIGKILL)  # a child that is not reaped keeps its number
        try:
            os.wait()
        except ChildProcessError:
            break
    os.chdir("/")
    shutil.rmtree(folder, ignore_errors=True)


def children():
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(FileNotFoundError):  # a thread that has ended since
            with open(f"/proc/self/task/{thread}/children") as file:
                yield from map(int, file.read().split())
