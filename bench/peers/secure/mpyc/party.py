"""One party of MPyC: runs the operations of ../operations.ts that MPyC has, and prints one JSON object for each.

    python party.py CELLS LIMIT_S RUNS REPEAT_S_MAX -P host:port -P host:port -P host:port -I INDEX

CELLS is op:size,op:size,... in ascending sizes. An operation is left out once its next size would take longer than LIMIT_S.
"""
import json
import resource
import sys
import time

import numpy as np

CELLS = [cell.split(":") for cell in sys.argv.pop(1).split(",")]
LIMIT_S = float(sys.argv.pop(1))
RUNS = int(sys.argv.pop(1))
REPEAT_S_MAX = float(sys.argv.pop(1))

from mpyc.runtime import mpc  # noqa: E402  (reads what is left of the command line)

FEATURES = 32
BATCH = 128
secint = mpc.SecInt(64)
# With 18 of 64 bits right of the point, division gives 0 in this version; half of the bits is what it is made for.
secfxp = mpc.SecFxp(36, 18)


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def loopback():
    with open("/proc/self/net/dev", encoding="ascii") as table:
        return next(int(line.split()[9]) for line in table if line.strip().startswith("lo:"))


def wave(n, k):
    """The numbers of ../operations.ts: between -10 and 10 in steps of 1/64, so that every system represents them exactly."""
    i = np.arange(n, dtype=np.int64)
    return ((i * 7919 * k + 13 * k) % 1281 - 640) / 64


def inputs(op, n):
    if op in ("mul", "less"):
        return secint, [np.rint(wave(n, 1) * 64).astype(np.int64), np.rint(wave(n, 2) * 64).astype(np.int64)]
    if op == "sort":
        return secint, [np.rint(wave(n, 1) * 64).astype(np.int64)]
    if op == "matmul":
        return secint, [np.rint(wave(n * n, k) * 64).astype(np.int64).reshape(n, n) for k in (1, 2)]
    if op == "div":
        return secfxp, [wave(n, 1), np.abs(wave(n, 2)) + 0.5]
    if op == "fixed-mul":
        return secfxp, [wave(n, 1), wave(n, 2)]
    return None, []


def apply(op, x):
    if op in ("mul", "fixed-mul"):
        return x[0] * x[1]
    if op == "less":
        return mpc.np_less(x[0], x[1])
    if op == "matmul":
        return x[0] @ x[1]
    if op == "div":
        return x[0] / x[1]
    return mpc.np_sort(x[0])


def plain(op, x):
    if op in ("mul", "fixed-mul"):
        return x[0] * x[1]
    if op == "less":
        return (x[0] < x[1]).astype(np.int64)
    if op == "matmul":
        return x[0] @ x[1]
    if op == "div":
        return x[0] / x[1]
    return np.sort(x[0])


async def barrier():
    await mpc.output(mpc.input(secint(0)))


async def main():
    await mpc.start()
    took = {}
    for op, size in CELLS:
        n = int(size)
        kind, values = inputs(op, n)
        if kind is None or took.get(op, (0, 1))[0] * n / took.get(op, (0, 1))[1] > LIMIT_S:
            continue
        shared = [mpc.input(kind.array(value), senders=0) for value in values]
        for value in shared:
            await mpc.gather(value)
        runs = []
        # All parties have to stop after the same run, and to leave an operation out at the same size: they go by the longest time.
        while len(runs) < RUNS and sum(run[0] for run in runs) < REPEAT_S_MAX:
            await barrier()
            before = (time.perf_counter(), cpu(), loopback())
            result = apply(op, shared)
            await mpc.gather(result)
            await barrier()
            after = (time.perf_counter(), cpu(), loopback())
            seconds = max(await mpc.transfer(after[0] - before[0]))
            runs.append((seconds, after[1] - before[1], after[2] - before[2]))
        seconds, cpu_seconds, wire = min(runs)
        took[op] = (seconds, n)
        opened = np.array(await mpc.output(result[:100] if op != "matmul" else result[0, :100]), dtype=float)
        wanted = plain(op, values)
        error = np.max(np.abs(opened - (wanted[:100] if op != "matmul" else wanted[0, :100])))
        line = {"op": op, "size": n, "seconds": seconds, "cpu": cpu_seconds, "bytes": wire, "error": float(error)}
        print(json.dumps(line), flush=True)
    await mpc.shutdown()


mpc.run(main())
