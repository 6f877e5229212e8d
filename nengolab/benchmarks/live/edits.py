"""How long it takes from an edit of a drawn network that runs until it runs again."""

from __future__ import annotations

from nengolab.benchmarks.live.stage import Stage

#: In the kernel: a chain of ensembles as a person writes it, changes to it, and when it ran again.
CODE = '''\
import threading, time
import nengolab_widgets

def chain(count):
    return f"""import nengo
import numpy as np

with nengo.Network(seed=1) as model:
    drive = nengo.Node(lambda t: np.sin(6 * t))
    chain = [nengo.Ensemble(50, 1, label=f"e{{i}}", seed=i) for i in range({count})]
    nengo.Connection(drive, chain[0])
    for before, after in zip(chain, chain[1:]):
        nengo.Connection(before, after, synapse=0.01)
    nengo.Connection(chain[-1], chain[0], synapse=0.1, transform=0.5)
"""

numbers = iter(range(1, 1000))

def other_value(text):
    return text + f"    chain[1].radius = {1 + next(numbers) / 100}\\n"

def other_structure(text):
    return text + f"    extra = nengo.Ensemble({60 + next(numbers)}, 2)\\n" + (
        "    nengo.Connection(chain[0], extra[0])\\n"
    )

def runs_again(text):
    """From the edit until the new network has made a step; it is put into `again`."""
    global again
    again, began, before = None, time.perf_counter(), lab.session.network
    done = lab.run_source(text)
    def watch():
        global again
        done.result()
        steps = lab.session.n_steps
        while lab.session.n_steps == steps:
            time.sleep(0.002)
        again = time.perf_counter() - began
    threading.Thread(target=watch).start()
'''

COUNTS = (10, 500)
#: What is edited, and how many seconds it may take, by the number of ensembles.
CASES = {
    "value, 10 ensembles": (10, "other_value", "1"),
    "new ensemble, 10 ensembles": (10, "other_structure", "1"),
    "value, 500 ensembles": (500, "other_value", "3"),
    "new ensemble, 500 ensembles": (500, "other_structure", "3"),
}
ROUNDS = 3


def editing(stage: Stage) -> dict[str, list[float]]:
    """Edit the code of networks that run, a few times each; seconds until they run again."""
    show = "lab = nengolab_widgets.Lab(f'{count}.py')\nlab.run_source()\nlab"
    found = {}
    for count in COUNTS:
        (stage.lab.server.root / f"{count}.py").write_text("")
        stage.open([show])
        stage.do(CODE)
        stage.do(f"count = {count}\nopen(f'{{count}}.py', 'w').write(chain(count))")
        stage.run_cell(1)
        stage.wait("lab.session.state in ('ready', 'paused')")
        stage.do("lab.session.play()")
        stage.wait("lab.session.n_steps > 100")
        for case, (ensembles, edit, _) in CASES.items():
            if ensembles == count:
                found[case] = [_edit(stage, edit) for _ in range(ROUNDS)]
        stage.do("lab.close()")
    return found


def _edit(stage: Stage, edit: str) -> float:
    stage.do(f"runs_again({edit}(chain(count)))")
    return stage.wait("again")
