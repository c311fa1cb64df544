"""What axe finds wrong with a page, in one theme after the other on the very same page."""

from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async (only) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...only })
  return violations
}"""


@contextmanager
def axe_in(page):
    """Every page that is opened here brings axe along; with reduced motion, or colours would be measured on their way."""
    page.emulate_media(reduced_motion="reduce")
    tools = page.context.new_cdp_session(page)
    tools.send("Page.enable")
    tools.send("Page.addScriptToEvaluateOnNewDocument", {"source": SOURCE.read_text(encoding="utf-8")})
    yield
    tools.detach()


def measure_colors_of(page, selector):
    """From now on the colours of no other elements of this page are measured."""
    page.evaluate("(selector) => axe.configure({ rules: [{ id: 'color-contrast', selector }] })", selector)


def violations(page, *, only=None):
    """What breaks a rule; colours are all that another theme can break, so there it is enough to look at `only` those."""
    found = page.evaluate(RUN, {"runOnly": {"type": "rule", "values": [only]}} if only else {})
    return [(each["id"], [node["html"][:160] for node in each["nodes"]][:3]) for each in found]
