"""What the tests of the Compare screen share."""

import pytest

from tests.support.comparing import record_four


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """Two recorded networks and two patterns; nobody is to change them."""
    return record_four(tmp_path_factory.mktemp("recorded"))
