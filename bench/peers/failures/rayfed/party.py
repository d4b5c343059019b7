"""One party of one scenario on RayFed, as its documentation has it: a local Ray of its own, fed.init, the program, fed.shutdown.

Every party runs this same file: `party.py SCENARIO PARTY`. Where a scenario says that one party differs, the difference is
an `if` on the party's name in the driver, as it would be between two checkouts. What happens is told as one JSON object a line.
"""

import json
import os
import sys
import threading
import time

import fed
import ray

SCENARIO, PARTY = sys.argv[1], sys.argv[2]
ADDRESSES = json.loads(os.environ["PEERS_ADDRESSES"])
TMP = os.environ["PEERS_TMP"]

# RayFed's limit of a message is 500 MB; made smaller, so that a value over it need not fill the memory.
MESSAGE_BYTES_MAX = 8 * 1024 * 1024
LARGE_BYTES = MESSAGE_BYTES_MAX + 1024 * 1024


def tell(event, **fields):
    line = json.dumps({"event": event, "at": time.time() * 1000, **fields})
    os.write(1, (line + "\n").encode())


def mark_fault():
    """Notes the moment of the fault. A file, because what a Ray worker prints reaches the driver later, or never."""
    with open(os.environ["PEERS_FAULT_FILE"], "x") as file:
        file.write(str(time.time() * 1000))


@fed.remote
def value(number):
    return number


@fed.remote
def use(number):
    return number + 1


@fed.remote
def difference(left, right):
    return left - right


@fed.remote
def work(seconds):
    time.sleep(seconds)
    return seconds


@fed.remote
def fail(*_inputs):
    mark_fault()
    raise ValueError("planned failure")


@fed.remote
def unsendable():
    mark_fault()
    return threading.Lock()


def producer_throws():
    return fed.get(use.party("bob").remote(fail.party("alice").remote()))


def consumer_throws():
    """The result stays at bob. Alice has work of her own, and needs nothing back."""
    kept = fail.party("bob").remote(value.party("alice").remote(1))
    done = fed.get(work.party("alice").remote(5))
    del kept
    return done


def chain_of_three():
    at_bob = use.party("bob").remote(fail.party("alice").remote())
    return fed.get(use.party("carol").remote(at_bob))


def driver_throws():
    if PARTY == "alice":
        mark_fault()
        raise ValueError("planned failure")
    return fed.get(use.party("bob").remote(value.party("alice").remote(1)))


def waiting():
    """Alice works for as long as the measurement takes; the others wait for her value. The runner does the rest."""
    slow = work.party("alice").remote(600)
    tell("waiting")
    return fed.get(slow)


def sending():
    """Bob is frozen while alice works; then she sends to him."""
    slow = work.party("alice").remote(3)
    tell("waiting")
    return fed.get(use.party("bob").remote(slow))


def extra_step():
    if PARTY == "alice":
        mark_fault()
        value.party("alice").remote(0)
    return fed.get(use.party("bob").remote(value.party("alice").remote(1)))


def swapped_steps():
    if PARTY == "alice":
        mark_fault()
        right = value.party("alice").remote(1)
        left = value.party("alice").remote(10)
    else:
        left = value.party("alice").remote(10)
        right = value.party("alice").remote(1)
    return fed.get(difference.party("bob").remote(left, right))


def unsendable_value():
    return fed.get(use.party("bob").remote(unsendable.party("alice").remote()))


@fed.remote
def large():
    mark_fault()
    return bytes(LARGE_BYTES)


@fed.remote
def length(data):
    return len(data)


def oversized_value():
    return fed.get(length.party("bob").remote(large.party("alice").remote()))


def plain():
    return fed.get(use.party("bob").remote(value.party("alice").remote(1)))


PROGRAMS = {
    "completes": plain,
    "producer-throws": producer_throws,
    "consumer-throws": consumer_throws,
    "chain-of-three": chain_of_three,
    "driver-throws": driver_throws,
    "killed": waiting,
    "host-gone": waiting,
    "frozen-producer": waiting,
    "frozen-consumer": sending,
    "extra-step": extra_step,
    "swapped-steps": swapped_steps,
    "unsendable-value": unsendable_value,
    "oversized-value": oversized_value,
    "names-differ": plain,
    "ctrl-c": waiting,
}


def main():
    ray.init(
        address="local",
        _node_ip_address="127.0.0.1",
        num_cpus=1,
        include_dashboard=False,
        object_store_memory=80 * 1024 * 1024,
        _temp_dir=TMP,
    )
    job = f"peers-{PARTY}" if SCENARIO == "names-differ" else "peers"
    # Every option that makes a failure known, sooner or with more words, is on.
    comm = {
        "exit_on_sending_failure": os.environ["PEERS_EXIT_ON_SENDING_FAILURE"] == "yes",
        "expose_error_trace": True,
        "continue_waiting_for_data_sending_on_error": False,
        "timeout_in_ms": int(os.environ["PEERS_RAYFED_TIMEOUT_MS"]),
    }
    tell("initialising")
    if SCENARIO == "oversized-value":
        comm["messages_max_size_in_bytes"] = MESSAGE_BYTES_MAX
    fed.init(
        addresses=ADDRESSES,
        party=PARTY,
        job_name=job,
        config={"cross_silo_comm": comm, "barrier_on_initializing": True},
    )
    if SCENARIO != "names-differ":
        # One value each way first, so that no scenario measures the start of a server or the first connection.
        for party in ADDRESSES:
            fed.get(value.party(party).remote(0))
    tell("ready")
    try:
        result = PROGRAMS[SCENARIO]()
        # Told before shutting down: a shutdown may take long, or never end.
        tell("result", value=result)
        fed.shutdown()
    except Exception as error:
        tell("told", kind=type(error).__name__, message=str(error)[:2000])
        fed.shutdown(on_error=True)
        ray.shutdown()
        sys.exit(1)
    ray.shutdown()


if __name__ == "__main__":
    main()
