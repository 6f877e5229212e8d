"""A Keras model dropped on a Lab: read safely, converted, shown; what is wrong is said."""

import base64
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import keras
import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab
from nengolab_widgets.converted import opening
from nengolab_widgets.converted.opening import open_model

from nengolab.converting import ConversionReport, Tuned
from nengolab.live import Session
from tests.widgets.browser import Browser, until


def saved(path: Path, *layers: Any) -> Path:
    model = keras.Sequential([keras.Input((3,)), *layers], name="dropped_model")
    model.save(path)
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(0)
    place = tmp_path_factory.mktemp("models") / "model.keras"
    return saved(place, keras.layers.Dense(2, name="out"))


def network() -> nengo.Network:
    with nengo.Network(label="before") as net:
        nengo.Node([0.5], label="node")
    return net


def drop(browser: Browser, name: str, data: bytes) -> None:
    browser.say(type="open_model", name=name, data=base64.b64encode(data).decode())


def notices(browser: Browser) -> list[str]:
    return [message["text"] for message in browser.of("notice")]


def test_a_file_is_converted_as_keras_has_it(file: Path) -> None:
    converter = open_model(file)
    kernel = keras.saving.load_model(file).get_layer("out").kernel
    np.testing.assert_array_equal(converter.model.get_layer("out").kernel, kernel)
    assert [row.name for row in converter.rows][1:] == ["out.0"]


def test_code_in_a_file_is_not_run_and_no_file_fills_the_memory(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = saved(tmp_path / "odd.keras", keras.layers.Lambda(lambda x: x * 2))
    with pytest.raises(
        ValidationError, match=r"'odd.keras' cannot be read .*[Ll]ambda.*loaded yourself"
    ):
        open_model(odd)
    with pytest.raises(ValidationError, match="there is no file"):
        open_model(tmp_path / "none.keras")
    text = tmp_path / "text.keras"
    text.write_text("not a model")
    with pytest.raises(ValidationError, match="'text.keras' is no .keras file: .*model.save"):
        open_model(text)
    with zipfile.ZipFile(tmp_path / "part.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(ValidationError, match="it lacks metadata.json, model.weights.h5"):
        open_model(tmp_path / "part.keras")
    bomb = tmp_path / "bomb.keras"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(opening.MEMBERS):
            archive.writestr(name, b"\0" * 2**20)
    monkeypatch.setattr(opening, "MOST_BYTES", 2**20)
    with pytest.raises(ValidationError, match="'bomb.keras' would unpack to 3 MB"):
        open_model(bomb)
    monkeypatch.setattr(opening, "MOST_BYTES", 100)
    with pytest.raises(ValidationError, match=r"keras.saving.load_model\(path\)"):
        open_model(file)


def test_what_is_dropped_takes_the_place_of_the_network(file: Path) -> None:
    net = network()
    of_others = [(Tuned(0.9, 0.001, []), "tune"), (ConversionReport("a", []), "report")]
    lab = Lab(net, plots=[(net.nodes[0], "value"), *of_others, "export"])
    browser = Browser(lab)
    browser.look()
    lab.session.wait_until("ready", 120)
    for name, data, words in (
        ("model.h5", b"", "'model.h5' is no .keras file"),
        ("text.keras", b"text", "text.keras was not opened. 'text.keras' is no .keras file"),
    ):
        drop(browser, name, data)
        until(lambda w=words: any(w in text for text in notices(browser)), words)
    browser.say(type="open_model", name="a.keras", data="&")
    assert any("did not arrive whole" in text for text in notices(browser))
    assert lab.session.network.label == "before"
    drop(browser, "model.keras", file.read_bytes())
    opened = "model.keras is open: lab.converter made its network. Undo brings back what was there."
    until(lambda: opened in notices(browser), "it is open", 60)
    assert lab.session.network is lab.converter.net
    until(lambda: "dropped_model" in browser.of("layout")[-1]["title"], "its name")
    kinds = [panel["kind"] for panel in browser.of("layout")[-1]["panels"]]
    # What was of another network went with it, and biases are no plots.
    assert kinds[:2] == ["export", "report"]
    assert len(titles(browser)) > 2
    assert not any("ones" in title for title in titles(browser))
    lab.session.step(5).result(60)
    lab.close()


def titles(browser: Browser) -> list[str]:
    return [panel["title"] for panel in browser.of("layout")[-1]["panels"]]


def test_undo_brings_back_what_was_shown_as_it_was_left(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nengo.Network(label="before", seed=0) as net:
        node = nengo.Node([0.5], label="node")
        ens = nengo.Ensemble(5, 1, label="ens", neuron_type=nengo.RectifiedLinear())
        conn = nengo.Connection(node, ens, transform=[[1.5]], synapse=0.01, label="conn")
        nengo.Connection(ens, ens, synapse=0.1)
    lab = Lab(net, plots=[ens])
    browser = Browser(lab)
    browser.look()
    lab.session.wait_until("ready", 120)
    lab.add_plot(node)
    lab.session.set_parameter(conn, "weights", [[2.0]]).result(60)
    lab.session.set_input(node, [0.25]).result(60)
    lab.session.step(20).result(60)
    before = lab.session.look_up(lambda sim: sim.state).result(60)
    # As JupyterLab's file browser says where it is.
    (tmp_path / "jpserver-7.json").write_text(json.dumps({"root_dir": str(file.parent)}))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("JPY_PARENT_PID", "7")
    for path, words in (
        ("../model.keras", "no path within"),
        ("other/model.keras", "this kernel does not see it"),
    ):
        browser.say(type="open_model", name="model.keras", path=path)
        assert words in notices(browser)[-1]
    browser.say(type="open_model", name="model.keras", path=file.name)
    until(lambda: any("is open" in text for text in notices(browser)), "it is open", 120)
    assert browser.of("layout")[-1]["undoes"] == "opening model.keras"
    assert lab.converter is not None
    lab.session.step(5).result(60)
    browser.say(type="undo")
    until(lambda: lab.session.network is net, "the network of before", 120)
    lab.session.wait_until("ready", 120)
    until(lambda: browser.of("layout")[-1]["title"] == "before", "its title")
    assert (lab.converter, titles(browser)) == (None, ["ens", "node"])
    assert browser.of("layout")[-1]["redoes"] == "opening model.keras"
    after = lab.session.look_up(lambda sim: sim.state).result(60)
    assert after.n_steps == before.n_steps + 5
    for name, kept in before.arrays.items():
        np.testing.assert_array_equal(after.arrays[name], kept)
    weights = lab.session.look_up(lambda sim: np.array(sim.data[conn].weights)).result(60)
    np.testing.assert_array_equal(weights, 2.0)
    until(lambda: node in lab.session.inputs, "it is driven as before")
    np.testing.assert_array_equal(lab.session.inputs[node], [0.25])
    # What was done before that can be undone, too; and all of it done again.
    browser.say(type="undo")
    assert titles(browser) == ["ens"]
    browser.say(type="redo")
    browser.say(type="redo")
    until(lambda: lab.converter is not None, "the model again", 120)
    until(lambda: browser.of("layout")[-1]["title"] == "dropped_model", "its title")
    lab.close()


def test_where_the_server_is_not_known_a_file_is_looked_for_around_the_notebook(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    inside = tmp_path / "models"
    inside.mkdir()
    shutil.copy(file, inside / "model.keras")
    monkeypatch.setenv("JPY_SESSION_NAME", str(inside / "notebook.ipynb"))
    assert opening.file_of_server("models/model.keras") == inside / "model.keras"
    shutil.copy(file, tmp_path / "model.keras")
    with pytest.raises(ValidationError, match="more than one file has that path here"):
        opening.file_of_server("model.keras")


def test_a_network_that_others_hold_is_not_taken_from_them(file: Path) -> None:
    with Session(network(), asleep=True) as session:
        lab = Lab(session)
        with pytest.raises(ValidationError, match="its session was made elsewhere"):
            lab.open_model(file)
        lab.close()
