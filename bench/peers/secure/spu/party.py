"""One party of SPU (SecretFlow's device, protocol ABY3): runs the operations of ../operations.ts and prints one JSON object for each.

    python party.py CELLS LIMIT_S RUNS REPEAT_S_MAX FOLDER RANK ADDRESS,ADDRESS,ADDRESS

Each party is given the addresses as it sees them. Input shares are made by party 0 and passed on in FOLDER; that is not measured.
"""
import json
import os
import pickle
import resource
import sys
import time

import jax.numpy as jnp
import numpy as np
import spu
import spu.utils.frontend as frontend
from jax import nn
from spu import libspu

CELLS = [cell.split(":") for cell in sys.argv[1].split(",")]
LIMIT_S = float(sys.argv[2])
RUNS = int(sys.argv[3])
REPEAT_S_MAX = float(sys.argv[4])
FOLDER = sys.argv[5]
RANK = int(sys.argv[6])
ADDRESSES = sys.argv[7].split(",")

FEATURES = 32
BATCH = 128


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


def epoch(x, y):
    w = jnp.zeros(FEATURES)
    for start in range(0, x.shape[0] - BATCH + 1, BATCH):
        rows, labels = x[start : start + BATCH], y[start : start + BATCH]
        error = nn.sigmoid(rows @ w) - labels
        w = w - (rows.T @ error) * (0.1 / BATCH)
    return w


def work(op, n):
    """The function, its plaintext, and its inputs."""
    integers = lambda k, shape: np.rint(wave(int(np.prod(shape)), k) * 64).astype(np.int64).reshape(shape)
    reals = lambda k: wave(n, k).astype(np.float32)
    if op == "mul":
        return lambda x, y: x * y, lambda x, y: x * y, [integers(1, n), integers(2, n)]
    if op == "less":
        return lambda x, y: x < y, lambda x, y: x < y, [integers(1, n), integers(2, n)]
    if op == "matmul":
        return jnp.matmul, np.matmul, [integers(1, (n, n)), integers(2, (n, n))]
    if op == "sort":
        return jnp.sort, np.sort, [integers(1, n)]
    # Whatever way an AUC with ties is worked out, scores are put in order first.
    if op == "auc":
        return jnp.sort, np.sort, [reals(1) / np.float32(10)]
    if op == "fixed-mul":
        return lambda x, y: x * y, lambda x, y: x * y, [reals(1), reals(2)]
    if op == "div":
        return lambda x, y: x / y, lambda x, y: x / y, [reals(1), np.abs(reals(2)) + np.float32(0.5)]
    if op == "sigmoid":
        return nn.sigmoid, lambda x: 1 / (1 + np.exp(-x)), [reals(1)]
    if op == "epoch":
        x = wave(n * FEATURES, 1).astype(np.float32).reshape(n, FEATURES) / 10
        y = (wave(n, 2) > 0).astype(np.float32)

        def plain(x, y):
            w = np.zeros(FEATURES)
            for start in range(0, n - BATCH + 1, BATCH):
                rows, labels = x[start : start + BATCH], y[start : start + BATCH]
                w = w - (rows.T @ (1 / (1 + np.exp(-(rows @ w))) - labels)) * (0.1 / BATCH)
            return w

        return epoch, plain, [x, y]
    return None


def shares_of(io, values, tag):
    path = os.path.join(FOLDER, f"{tag}-{{}}")
    if RANK == 0:
        made = [io.make_shares(value, libspu.Visibility.VIS_SECRET) for value in values]
        for rank in range(3):
            with open(path.format(rank) + ".part", "wb") as file:
                pickle.dump([(share[rank].meta, list(share[rank].share_chunks)) for share in made], file)
            os.rename(path.format(rank) + ".part", path.format(rank))
    while not os.path.exists(path.format(RANK)):
        time.sleep(0.01)
    with open(path.format(RANK), "rb") as file:
        loaded = pickle.load(file)
    shares = []
    for meta, chunks in loaded:
        share = libspu.Share()
        share.meta = meta
        share.share_chunks = chunks
        shares.append(share)
    return shares


def main():
    desc = libspu.link.Desc()
    for rank, address in enumerate(ADDRESSES):
        desc.add_party(f"party{rank}", address)
    link = libspu.link.create_brpc(desc, RANK)
    config = libspu.RuntimeConfig(protocol=libspu.ProtocolKind.ABY3, field=libspu.FieldType.FM64, fxp_fraction_bits=18)
    runtime = spu.Runtime(link, config)
    io = spu.Io(3, config)
    took = {}
    for number, (op, size) in enumerate(CELLS):
        n = int(size)
        task = work(op, n)
        last = took.get(op, (0, 1))
        if task is None or last[0] * n / last[1] > LIMIT_S:
            continue
        function, plain, values = task
        names = [f"in{number}.{i}" for i in range(len(values))]
        executable, _ = frontend.compile(
            frontend.Kind.JAX, function, values, {}, names, [libspu.Visibility.VIS_SECRET] * len(values), lambda out: [f"out{number}"]
        )
        for name, share in zip(names, shares_of(io, values, number)):
            runtime.set_var(name, share)
        runs = []
        # All parties have to stop after the same run, and to leave an operation out at the same size: they go by the longest time.
        while len(runs) < RUNS and sum(run[0] for run in runs) < REPEAT_S_MAX:
            link.barrier()
            before = (time.perf_counter(), cpu(), loopback())
            runtime.run(executable)
            link.barrier()
            after = (time.perf_counter(), cpu(), loopback())
            seconds = max(float(text) for text in link.all_gather(str(after[0] - before[0])))
            runs.append((seconds, after[1] - before[1], after[2] - before[2]))
        seconds, cpu_seconds, wire = min(runs)
        took[op] = (seconds, n)
        share = runtime.get_var(f"out{number}")
        path = os.path.join(FOLDER, f"result{number}-{{}}")
        with open(path.format(RANK) + ".part", "wb") as file:
            pickle.dump((share.meta, list(share.share_chunks)), file)
        os.rename(path.format(RANK) + ".part", path.format(RANK))
        link.barrier()
        error = None
        if RANK == 0:
            parts = []
            for rank in range(3):
                with open(path.format(rank), "rb") as file:
                    meta, chunks = pickle.load(file)
                part = libspu.Share()
                part.meta = meta
                part.share_chunks = chunks
                parts.append(part)
            error = float(np.max(np.abs(np.asarray(io.reconstruct(parts), dtype=float) - np.asarray(plain(*values), dtype=float))))
        for name in [*names, f"out{number}"]:
            runtime.del_var(name)
        line = {"op": op, "size": n, "seconds": seconds, "cpu": cpu_seconds, "bytes": wire, "error": error}
        print(json.dumps(line), flush=True)
        link.barrier()


main()
