"""What the workers that time PyTorch share: they answer lines `WORKLOAD SECONDS` so that both sides can take turns."""
import json
import sys
import time


def per_step_ms(step, seconds):
    count, start = 0, time.perf_counter()
    while True:
        step()
        count += 1
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return elapsed / count * 1e3


def serve(ms_of):
    """Answers with JSON lines {"ms": ms_of(workload, seconds)}, or {"error": ...}."""
    for line in sys.stdin:
        try:
            workload, seconds = line.split()
            answer = {"ms": ms_of(workload, float(seconds))}
        except Exception as error:  # told to the other side, which prints it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
