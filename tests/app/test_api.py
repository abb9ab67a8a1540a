"""Programs ask the app with gradio_client."""
import json
import urllib.error
import urllib.request

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from .pictures import painted


@pytest.fixture(scope="module")
def client(served) -> Client:
    return Client(served.url, verbose=False)


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("photos") / "photo.png"
    painted(400, 300).save(path)
    return str(path)


def test_the_variants_come_with_their_papers(client):
    found = client.predict(api_name="/variants")
    assert {"detr", "deformable_detr"} <= {each["id"] for each in found}
    assert found[0]["paper"]["year"] == 2020 and found[0]["weights"] == ["scenes", "trees"]


def test_detect_returns_boxes_in_pixels(client, photo):
    found = client.predict(picture=handle_file(photo), variant="detr", weights="scenes", threshold=0.5, api_name="/detect")
    assert found["picture"] == {"name": "photo.png", "width": 400, "height": 300}
    assert len(found["detections"]) == 5
    cat = next(each for each in found["detections"] if each["name"] == "cat")
    assert cat["box"] == pytest.approx([.19 * 400, .43 * 300, .41 * 400, .77 * 300], abs=6)


@pytest.mark.parametrize(("variant", "kind"), [("detr", "map"), ("deformable_detr", "points")])
def test_inspect_adds_the_layers_and_where_the_query_looked(client, photo, variant, kind):
    found = client.predict(picture=handle_file(photo), variant=variant, weights="scenes", query=0, threshold=0.5, api_name="/inspect")
    assert len(found["layers"]) == 3 and len(found["layers"][0]["box"]) == 4
    assert (found["layers"][0]["reference"] is None) == (kind == "map")
    view = found["attention"]["decoder.layers.2.cross_attention"]
    assert view["kind"] == kind
    weights = np.array(view["weights"])
    np.testing.assert_allclose(weights.reshape(8, -1).sum(-1), 1, atol=0.08)
    if kind == "points":
        assert np.array(view["locations"]).shape == (*weights.shape, 2)


def test_a_bad_picture_is_one_sentence(client, tmp_path):
    (tmp_path / "words.jpg").write_text("no picture")
    with pytest.raises(AppError, match="not a picture"):
        client.predict(picture=handle_file(str(tmp_path / "words.jpg")), variant="detr", api_name="/detect")


def test_an_unknown_detector_is_one_sentence(client, photo):
    with pytest.raises(AppError, match="no detector named 'yolo'"):
        client.predict(picture=handle_file(photo), variant="yolo", api_name="/detect")


def test_a_file_of_the_server_cannot_be_named(served):
    """The picture must be an upload: a path in the request opens nothing."""
    data = {"data": [{"path": __file__, "meta": {"_type": "gradio.FileData"}}, "detr", "scenes", 0.5]}
    body = json.dumps(data).encode()
    request = urllib.request.Request(f"{served.url}/gradio_api/call/detect", body, {"Content-Type": "application/json"})
    try:
        event = json.load(urllib.request.urlopen(request, timeout=20))["event_id"]
        with urllib.request.urlopen(f"{served.url}/gradio_api/call/detect/{event}", timeout=20) as answer:
            assert b"event: complete" not in answer.read()
    except urllib.error.HTTPError as error:
        assert error.code >= 400


def test_the_heartbeat_and_the_scripts_are_served(served):
    with urllib.request.urlopen(f"{served.url}/atlas/boot", timeout=20) as answer:
        assert len(json.load(answer)["boot"]) == 16
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{served.url}/atlas/examples/../../app.py", timeout=20)
