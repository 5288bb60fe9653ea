"""Parts of a page that run by themselves, so that what is beside them is neither asked for nor sent again."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import streamlit as st

from dashboard import client
from dashboard.widgets.elements import literal

Given = ParamSpec("Given")
Made = TypeVar("Made")


def part(
    run_every: float | None = None,
) -> Callable[[Callable[Given, Made]], Callable[Given, Made | None]]:
    """A fragment in which what goes wrong is said in its place: when it runs by itself, no page is around it."""

    def parted(draw: Callable[Given, Made]) -> Callable[Given, Made | None]:
        @wraps(draw)
        def drawn(*given: Given.args, **named: Given.kwargs) -> Made | None:
            try:
                return draw(*given, **named)
            except client.SignedOutError:
                st.rerun()  # the whole page finds the door
            except (client.ServiceDownError, client.RefusedError) as error:
                st.error(literal(str(error)))
            return None

        return st.fragment(drawn, run_every=run_every)

    return parted
