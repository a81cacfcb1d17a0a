"""A run's page: how often it is written, and that what is owed is."""

import pytest

from jaxgen.runs import outputs

pytestmark = pytest.mark.core


@pytest.fixture
def clock(monkeypatch):
    """Seconds that a test may change."""
    now = [100.0]
    monkeypatch.setattr(outputs.time, "monotonic", lambda: now[0])
    return now


def page_of(clock, seconds):
    written = []

    def write(step):
        written.append(step)
        clock[0] += seconds

    return outputs.Page(write), written


def test_a_page_is_written_once_in_ten_seconds_and_what_is_owed_at_the_end(clock):
    page, written = page_of(clock, 0.01)
    for step in range(1, 26):
        page.show(step)
        clock[0] += 1.0
    assert written == [1, 11, 21]
    page.close()
    page.close()
    assert written == [1, 11, 21, 25]


def test_a_slow_page_takes_a_fiftieth_of_the_time(clock):
    page, written = page_of(clock, 4.0)
    start = clock[0]
    while clock[0] < start + 10_000:
        page.show(int(clock[0]))
        clock[0] += 5.0
    assert 0.01 < 4.0 * len(written) / 10_000 <= 0.02
