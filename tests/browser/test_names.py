"""Names from the target are text, whatever is in them."""

from __future__ import annotations

import pytest

from gilprof.model import State
from tests.browser.conftest import Open
from tests.support.made_up import MadeUp, Seen


@pytest.mark.parametrize(
    "name",
    ["</script><script>window.harmed = 1</script>", "<img src=x onerror='window.harmed = 1'>", '"]}\'><b>',
     "{{script}} ${window.harmed = 1}", "javascript:window.harmed=1", "日本語 <&> ü"],
)  # fmt: skip
def test_names_that_mean_harm_are_text(open_page: Open, name: str) -> None:
    profile = MadeUp().threads(name)
    profile.add(1.0, {0: Seen(State.HELD, ((name, f"/srv/{name}.py", 1, 3),))})
    page = open_page(profile)
    page.choose("threads", "each")
    assert page.rows()[1] == [name]
    assert page.rows()[3][0].startswith(name)
    page.at(3, page.rows()[3][0]).perform()
    assert page.run("document.querySelector('#tip .what').textContent").startswith(name)
    page.element("summary").click()
    assert page.element("details td").text == name
    assert page.run("window.harmed") is None


@pytest.mark.parametrize("name", ["line\nbreak\u2028\x00", "\x1b[31mred\x1b]0;title\x07", "\u202egnp.exe", "\udc80"])
def test_names_that_cannot_be_seen_are_written_out(open_page: Open, name: str) -> None:
    profile = MadeUp().threads("a").add(1.0, {0: Seen(State.HELD, ((name, "/srv/app.py", 1, 3),))})
    (label,) = open_page(profile).rows()[2]
    assert label == "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name) + " (app.py)"
