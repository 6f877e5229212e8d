"""Credit: how many frames may be on their way, against a page made of numbers."""

import pytest

from nengolab.live.flow import FIRST_CREDIT, MAX_BYTES, MAX_SECONDS, STALLED, Flow
from nengolab.live.pacing import FRAME_PERIOD


class Page:
    """Draws what arrives after half a round trip, and reports every ``every`` seconds."""

    def __init__(self, flow, trip=0.03, every=0.3, draws=60.0, size=1000):
        self.flow, self.trip, self.every, self.size = flow, trip, every, size
        self.picture = 1 / draws
        self.wall = 0.0
        self.coming, self.reports = [], []
        self.told = self.drew = -1.0
        self.newest, self.since, self.pictures = 0, 0, 0
        self.blocked = 0

    def run(self, seconds):
        end = self.wall + seconds
        sent = self.flow.sent
        while self.wall < end:
            self.wall += 0.001
            self._kernel()
            self._page()
        return (self.flow.sent - sent) / seconds

    def _kernel(self):
        while self.reports and self.reports[0][0] <= self.wall:
            _, seq, held, merged = self.reports.pop(0)
            self.flow.report(seq, self.wall, held, merged)
        state = self.flow.state(self.wall)
        self.blocked += state == "BLOCKED"
        if state == "OPEN":
            seq = self.flow.note_sent(self.wall, self.size)
            self.coming.append((self.wall + self.trip / 2, seq))

    def _page(self):
        arrived = [seq for at, seq in self.coming if at <= self.wall]
        if arrived and self.wall - self.drew >= self.picture:
            self.coming = self.coming[len(arrived) :]
            self.newest, self.drew = arrived[-1], self.wall
            self.since += len(arrived)
            self.pictures += 1
        if self.pictures and self.wall - self.told >= self.every:
            merged = self.since / self.pictures
            arrives = self.wall + self.trip / 2
            self.reports.append((arrives, self.newest, self.wall - self.drew, merged))
            self.told, self.since, self.pictures = self.wall, 0, 0


@pytest.mark.parametrize("trip", [0.005, 0.03, 0.1])
def test_the_stream_never_waits_for_a_page_that_keeps_up(trip):
    page = Page(Flow(), trip)
    page.run(1.0)
    page.blocked = 0
    assert page.run(3.0) > 55
    assert page.blocked == 0
    assert page.flow.round_trip == pytest.approx(trip, abs=0.01)


def test_a_far_page_gets_at_most_half_a_second():
    page = Page(Flow(), trip=1.0)
    for _ in range(40):
        page.run(0.1)
        assert page.flow.in_flight <= MAX_SECONDS / FRAME_PERIOD + 1
    assert page.run(2.0) > 10


def test_a_page_that_draws_slowly_gets_fewer_frames():
    page = Page(Flow(), draws=15.0)
    page.run(4.0)
    assert 10 < page.run(3.0) < 26
    page.picture = 1 / 60
    page.run(6.0)
    assert page.run(2.0) > 50, "and more again when it has recovered"


def test_large_frames_are_bounded_by_bytes():
    page = Page(Flow(), size=MAX_BYTES // 3 + 1)
    for _ in range(20):
        page.run(0.1)
        assert page.flow.in_flight <= 3


def test_silence_stops_the_stream_and_a_snapshot_revives_it():
    flow = Flow()
    sent = 0
    for tick in range(1000):
        if flow.state(tick * 0.01) == "OPEN":
            flow.note_sent(tick * 0.01, 10)
            sent += 1
    assert sent == FIRST_CREDIT
    assert flow.state(10.0) == "BLOCKED"
    assert flow.watched(0.1)
    assert not flow.watched(1.0 + STALLED)
    flow.forget()
    assert flow.state(10.0) == "OPEN"


def test_reports_of_frames_that_were_never_sent_are_no_news():
    flow = Flow()
    flow.note_sent(0.0, 1)
    flow.report(7, 0.1)
    flow.report(0, 0.1)
    assert (flow.drawn, flow.in_flight, flow.round_trip) == (0, 1, None)
    flow.report(1, 0.25, held=0.05)
    assert (flow.drawn, flow.in_flight) == (1, 0)
    assert flow.round_trip == pytest.approx(0.2)
