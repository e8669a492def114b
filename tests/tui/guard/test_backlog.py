"""What waits for the terminal, and a terminal that goes away while texts wait."""

import io

from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread

from nnfd.tui.guard.backlog import Backlog, Taken
from tests.support.waiting import LIMIT


class Gone(io.StringIO):
    """A terminal that takes one text and is gone then."""

    def write(self, text):
        if self.getvalue():
            raise OSError(5, "Input/output error")
        return super().write(text)


def test_a_terminal_that_goes_away_holds_up_nobody_who_writes():
    terminal, backlog = Gone(), Backlog()
    writer = WriterThread(Taken(terminal, backlog))
    writer.start()
    for _ in range(3 * MAX_QUEUED_WRITES):  # with a thread that died of it, this would wait for ever
        backlog.add()
        writer.write("x")
    writer.stop()
    writer.join(LIMIT)
    assert not writer.is_alive()
    assert backlog.waiting == 0
    assert terminal.getvalue() == "x"
