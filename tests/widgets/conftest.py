"""For tests of the kernel's side: pages that speak only when a test has them speak."""

import pytest


@pytest.fixture(autouse=True)
def silent_pages_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real pages say every few seconds that they live; those of these tests do not, and would be
    forgotten where something takes long on a busy machine."""
    monkeypatch.setattr("nengolab_widgets.views.LOST_AFTER", 600.0)
