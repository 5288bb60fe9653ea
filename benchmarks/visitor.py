"""A visitor of the screens without a browser: the framework's own messages over its own line, byte for byte."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

from dashboard import door, session

PATIENCE = 60.0
ESCAPED = re.compile(r"\\u([0-9a-f]{4})")  # letters of what components of ours are given


@dataclass
class Answer:
    """What one run of the script sent: the bytes, the elements, and how long it took."""

    seconds: float = 0.0
    raw: list[bytes] = field(default_factory=list)
    sent: list[ForwardMsg] = field(default_factory=list)

    def elements(self) -> Iterator[ForwardMsg]:
        """New elements, not those that only went."""
        return (message for message in self.sent if message.WhichOneof("type") == "delta")

    def kinds(self) -> list[str]:
        """What the new elements are."""
        return [
            str(message.delta.new_element.WhichOneof("type"))
            for message in self.elements()
            if message.delta.WhichOneof("type") == "new_element"
        ]

    def words(self) -> str:
        """Everything that was sent, to be searched."""
        said = b"\n".join(self.raw).decode("utf-8", "ignore")
        return ESCAPED.sub(lambda found: chr(int(found[1], 16)), said)


@contextmanager
def visiting(screens: str, cookie: str) -> Iterator["Visitor"]:
    """Somebody who has come in, at the screens."""
    with connect(
        f"ws://{urlsplit(screens).netloc}/_stcore/stream",
        subprotocols=["streamlit"],  # type: ignore[list-item]  -- a name is what travels
        additional_headers={"Cookie": f"{session.COOKIE}={cookie}"},
        origin=screens,  # type: ignore[arg-type]
        max_size=None,
        proxy=None,
    ) as line:
        yield Visitor(line)


class Visitor:
    """Opens addresses, presses and slides."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self.page_hash = self.query = ""
        self.is_part = False  # whether a part of the page runs by itself
        self.widgets: dict[str, tuple[str, str, str]] = {}  # id -> kind, label, part of the page

    def open(self, query: str = "", page: str = "") -> Answer:
        """An address of the screens."""
        return self._run(ClientState(query_string=query, page_name=page))

    def press(self, label: str, number: int = 0) -> Answer:
        """A button by its words."""
        return self._turn(label, number, trigger_value=True)

    def slide(self, label: str, value: float) -> Answer:
        """A slider by its label."""
        state = WidgetState()
        state.double_array_value.data.append(value)
        return self._turn(label, 0, double_array_value=state.double_array_value)

    def _turn(self, label: str, number: int, **value: object) -> Answer:
        found = [each for each, (_, said, _) in self.widgets.items() if said == label]
        assert len(found) > number, (label, sorted({said for _, said, _ in self.widgets.values()}))
        state = ClientState(
            page_script_hash=self.page_hash, query_string=self.query, fragment_id=self.widgets[found[number]][2]
        )
        state.widget_states.widgets.append(WidgetState(id=found[number], **value))  # type: ignore[arg-type]
        return self._run(state)

    def _run(self, state: ClientState) -> Answer:
        self.query, self.is_part = state.query_string, bool(state.fragment_id)
        answer = Answer()
        begun = time.perf_counter()
        self._line.send(BackMsg(rerun_script=state).SerializeToString())
        while not (answer.sent and _is_end(answer.sent[-1])):
            raw = self._line.recv(PATIENCE)
            assert isinstance(raw, bytes)
            message = ForwardMsg.FromString(raw)
            answer.raw.append(raw)
            answer.sent.append(message)
            self._note(message)
        answer.seconds = time.perf_counter() - begun
        return answer

    def _note(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.page_hash = message.new_session.page_script_hash
            if not self.is_part:
                self.widgets.clear()
        elif kind == "script_finished":
            self.is_part = self.is_part and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            what = element.WhichOneof("type")
            proto = getattr(element, str(what))
            if hasattr(proto, "id") and hasattr(proto, "label"):
                self.widgets[proto.id] = (str(what), proto.label, message.delta.fragment_id)


def _is_end(message: ForwardMsg) -> bool:
    """The script has run to its end and does not begin anew by itself."""
    return message.WhichOneof("type") == "script_finished" and message.script_finished in (
        ForwardMsg.FINISHED_SUCCESSFULLY,
        ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
        ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
    )


def cookie_of(screens: str, login: str, password: str) -> str:
    """What the door gives to whoever signs in."""
    with httpx2.Client(trust_env=False) as browser:
        browser.post(screens + door.AT, data={"login": login, "password": password})
        return browser.cookies[session.COOKIE]
