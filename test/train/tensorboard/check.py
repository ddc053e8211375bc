"""Reads what TensorBoardWriter writes with TensorBoard itself: its reader, and its server's answers. By hand:

    python3 -m pip install tensorboard && python3 test/train/tensorboard/check.py
"""

import json
import math
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from tensorboard.backend.event_processing.event_accumulator import (
    HISTOGRAMS,
    IMAGES,
    SCALARS,
    TENSORS,
    EventAccumulator,
)
from tensorboard.util import tensor_util

HERE = os.path.dirname(os.path.abspath(__file__))


def check(what, holds):
    print(("ok    " if holds else "WRONG ") + what)
    if not holds:
        sys.exit(1)


def write_sample(folder):
    command = ["npx", "tsx", os.path.join(HERE, "sample.ts"), folder]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def check_reader(folder, expected):
    everything = {SCALARS: 0, HISTOGRAMS: 0, IMAGES: 0, TENSORS: 0}
    events = EventAccumulator(folder, size_guidance=everything)
    events.Reload()
    tags = events.Tags()
    check("reader: tags", sorted(tags["scalars"]) == ["loss/after", "loss/train"])

    scalars = [[each.step, each.value] for each in events.Scalars("loss/train")]
    check("reader: every scalar, exactly once, across the crash", scalars == expected["scalars"])
    after = [(each.step, each.value) for each in events.Scalars("loss/after")]
    check("reader: lost steps are purged", after == [(step, 1.0) for step in range(60, 100)])

    found = events.Histograms("weights/fc")
    check("reader: five histograms", [each.step for each in found] == [60, 61, 62, 63, 64])
    value, wanted = found[-1].histogram_value, expected["histogram"]
    same = all(
        math.isclose(getattr(value, name), wanted[key], rel_tol=1e-12)
        for name, key in [("min", "min"), ("max", "max"), ("num", "count"), ("sum", "sum")]
    )
    check("reader: the histogram's range, count and sum", same)
    check("reader: the histogram's buckets", list(value.bucket) == wanted["counts"])

    image = events.Images("samples")[-1]
    width, height = struct.unpack(">II", image.encoded_image_string[16:24])
    size = expected["image"]
    check("reader: the image's size", (image.width, image.height) == (size["width"], size["height"]))
    check("reader: the PNG's size", (width, height) == (size["width"], size["height"]))

    [text] = events.Tensors("model")
    read = tensor_util.make_ndarray(text.tensor_proto).item().decode()
    check("reader: the text", read == expected["text"])


def check_server(folder, expected):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", folder, "--port", str(port)]
    command += ["--host", "127.0.0.1", "--samples_per_plugin", "scalars=1000,images=100"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def get(path, **query):
        address = f"http://127.0.0.1:{port}/data/plugin/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.read()

    try:
        deadline = time.time() + 60
        tags = {}
        while time.time() < deadline and not tags:
            try:
                tags = json.loads(get("scalars/tags"))
            except OSError:
                pass
            time.sleep(0.5)
        check("server: a run with its tags", sorted(tags.get(".", {})) == ["loss/after", "loss/train"])
        rows = json.loads(get("scalars/scalars", run=".", tag="loss/train"))
        check("server: every scalar", [row[1:] for row in rows] == expected["scalars"])
        rows = json.loads(get("scalars/scalars", run=".", tag="loss/after"))
        check("server: lost steps are purged", [row[1:] for row in rows] == [[s, 1.0] for s in range(60, 100)])
        rows = json.loads(get("histograms/histograms", run=".", tag="weights/fc"))
        counts = [bucket[2] for bucket in rows[-1][2]]
        check("server: the histogram's buckets", counts == expected["histogram"]["counts"])
        rows = json.loads(get("images/images", run=".", tag="samples", sample=0))
        check("server: five images", len(rows) == 5)
        query = dict(urllib.parse.parse_qsl(rows[-1]["query"]))
        png = get("images/individualImage", **query)
        check("server: the image is a PNG", png[:8] == b"\x89PNG\r\n\x1a\n")
        rows = json.loads(get("text/text", run=".", tag="model"))
        check("server: the text as a table", "<td>fc</td>" in rows[0]["text"])
    finally:
        server.terminate()
        server.wait()


with tempfile.TemporaryDirectory() as folder:
    expected = write_sample(folder)
    check_reader(folder, expected)
    check_server(folder, expected)
print("TensorBoard reads back everything that was written")
