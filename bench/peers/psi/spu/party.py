"""One party of SPU (SecretFlow): the intersection of two CSV files by `spu.psi`, into a CSV file at both.

    python party.py RANK ADDRESS,ADDRESS PROTOCOL CURVE TABLE RESULT FOLDER

Each party is given the addresses as it sees them; FOLDER is that of both. The last line on standard output is a JSON object with the milliseconds of wall
clock at which the link stood and the result was written.
"""
import json
import os
import sys
import time

import spu.psi as psi
from spu import libspu

RANK, ADDRESSES, PROTOCOL, CURVE, TABLE, RESULT, FOLDER = sys.argv[1:]

# The default is a second: a party that comes up first would lose up to that.
CONNECT_RETRY_MS = 50
CONNECT_RETRIES = 1200
# For the imports of the other party.
MEET_S_MAX = 120
# Longer than a run may take.
RECEIVE_MS_MAX = 3_600_000


def meet():
    """Until both have imported everything. One that calls seconds before the other listens is refused, and tries again only after
    three seconds; or is held by the relay, and then its link never stands."""
    ready = os.path.join(FOLDER, "ready-")
    with open(ready + RANK, "w", encoding="ascii"):
        pass
    deadline = time.monotonic() + MEET_S_MAX
    while not os.path.exists(f"{ready}{1 - int(RANK)}"):
        if time.monotonic() > deadline:
            sys.exit("the other party does not come up")
        time.sleep(0.005)


def connected():
    desc = libspu.link.Desc()
    desc.connect_retry_interval_ms = CONNECT_RETRY_MS
    desc.connect_retry_times = CONNECT_RETRIES
    desc.recv_timeout_ms = RECEIVE_MS_MAX
    for rank, address in enumerate(ADDRESSES.split(",")):
        desc.add_party(f"party{rank}", address)
    return libspu.link.create_brpc(desc, int(RANK))


def main():
    meet()
    link = connected()
    begin = time.time()
    config = psi.PsiExecuteConfig(
        protocol_conf=psi.PsiProtocolConfig(
            protocol=psi.parse_protocol(f"PROTOCOL_{PROTOCOL}"),
            # Both learn the intersection, as with Privity.
            receiver_rank=0,
            broadcast_result=True,
            ecdh_params=psi.EcdhParams(curve=psi.parse_curve_type(f"CURVE_{CURVE}")),
        ),
        # Told that no id is there twice, it does not look: that is to its advantage.
        input_params=psi.InputParams(path=TABLE, selected_keys=["id"], keys_unique=True),
        output_params=psi.OutputParams(path=RESULT),
    )
    psi.psi_execute(config, link)
    end = time.time()
    link.stop_link()
    print(json.dumps({"begin": begin * 1000, "end": end * 1000}), flush=True)


main()
