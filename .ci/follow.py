"""Follows README's section on containers word for word, in a fresh clone: each block of commands as it stands, by bash.

After each block it looks at what README promises there, with a browser where a person would. .ci/image brings it to where the
published ports are. Everything that was said lies in FOLDER/log, and what the browser saw in FOLDER/*.png.
"""

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Response, expect, sync_playwright

ROOT, FOLDER = Path(__file__).resolve().parent.parent, Path(sys.argv[1])
sys.path.insert(0, str(ROOT))
from esa.local import chromium  # noqa: E402

CLONE = FOLDER / "esa"
SITE, TEAM, MAIL = "http://esa.localhost:8000", "http://docs.esa.localhost:8000", "http://localhost:8025"
STARTED = time.monotonic()
PIXEL = bytes.fromhex(  # a picture
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c633811a00100032401411d199fc40000000049454e44ae426082"
)


def say(text: str) -> None:
    line = f"[{time.monotonic() - STARTED:6.1f} s] {text}"
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    with (FOLDER / "log").open("a", encoding="utf-8") as log:
        log.write(f"{line}\n")


def need(holds: object, what: str) -> None:
    if not holds:
        sys.exit(f"not as README says: {what}")
    say(f"  ✓ {what}")


def run(*command: str | Path, feed: str = "") -> str:
    done = subprocess.run(command, cwd=CLONE, input=feed, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def soon(seconds: float, true: Callable[[], object]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, HTTPException, ValueError):
            if true():
                return True
        time.sleep(0.3)
    return False


def get(address: str) -> str:
    """Every name under localhost is this machine, to browsers; Python has to be told."""
    asked = urlsplit(address)
    line = HTTPConnection("127.0.0.1", asked.port, timeout=10)
    line.request("GET", asked.path, headers={"Host": asked.netloc})
    return line.getresponse().read().decode()


@contextlib.contextmanager
def browser(picture: str) -> Iterator[Page]:
    """A new person's browser. At the end it tells what failed, and leaves a picture."""
    failed: list[str] = []

    def answered(response: Response) -> None:
        if response.status >= 400:
            failed.append(f"{response.status} {response.url}")

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            failed.append(message.text)

    with sync_playwright() as playwright:
        engine = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        page = engine.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(30_000)
        page.on("response", answered)
        page.on("console", said)
        page.on("pageerror", lambda problem: failed.append(str(problem)))
        try:
            yield page
        finally:
            page.screenshot(path=FOLDER / f"{picture}.png")
        engine.close()
    need(not failed, f"the browser met no error ({picture}.png){': ' if failed else ''}{failed or ''}")


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    page.goto(address)
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(f"{address}/")


def sign_up(page: Page) -> None:
    page.goto(f"{SITE}/accounts/signup/")
    given = {"name": "Dora", "screen_name": "dora", "email": "dora@example.com", "password1": "a long walk by the sea"}
    for name, value in given.items():
        page.locator(f"input[name={name}]").fill(value)
    page.get_by_role("button", name="Make an account").click()
    page.wait_for_url(lambda address: "signup" not in address)


def write(page: Page, team: str, title: str) -> None:
    """A post with a picture, in the editor, saved, and read again."""
    page.goto(f"{team}/posts/new")
    page.locator("form.editor[data-ready]").wait_for(state="attached")
    page.locator("input[name=title]").fill(title)
    page.locator(".cm-content").click()
    page.keyboard.type("# It runs\n\n寿司を食べる\n\n")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a file").click()
    chooser.value.set_files({"name": "pixel.png", "mimeType": "image/png", "buffer": PIXEL})
    expect(page.locator(".cm-content")).to_contain_text("pixel.png (")
    page.get_by_role("button", name="Ship It!").click()
    page.wait_for_url(re.compile(r"/posts/\d+$"))
    expect(page.get_by_role("heading", name="It runs")).to_be_visible()
    seen = "() => [...document.querySelectorAll('article img, .markdown img')].some(i => i.complete && i.naturalWidth)"
    page.wait_for_function(seen)
    say(f"  ✓ a post with a picture was shipped: {page.url}")


def told(*inside: str) -> None:
    """The worker has done the task of the newest post."""
    run(*inside, "python", "-", "relayed", feed=(ROOT / ".ci/visit.py").read_text())
    say("  ✓ the worker has done the post's task")


# --- What README promises, block by block ------------------------------------------------------------------------------


def built() -> None:
    size = int(run("docker", "image", "inspect", "-f", "{{.Size}}", "esa:dev"))
    say(f"  ✓ esa:dev has {size / 1e6:.0f} MB")


def demo() -> None:
    said = run("docker", "compose", "logs", "--no-log-prefix", "migrate").splitlines()
    need(
        any("alice@example.com" in line and "hirugohan-bin" in line for line in said[-6:]),
        "the log ends with the accounts",
    )
    with browser("compose") as page:
        sign_in(page, TEAM, "alice@example.com", "hirugohan-bin")
        write(page, TEAM, "開発/From compose")
    told("docker", "compose", "exec", "-T", "web")
    with browser("compose-sign-up") as page:
        sign_up(page)
    need(soon(20, lambda: json.loads(get(f"{MAIL}/api/v1/messages"))["total"]), f"mail shows at {MAIL}")
    file = CLONE / "esa/middleware.py"
    code = file.read_text()
    file.write_text(code.replace('HttpResponse("ok', 'HttpResponse("changed'))
    need(soon(30, lambda: get(f"{SITE}/healthz").startswith("changed")), "web starts anew when a source file changes")
    file.write_text(code)
    template = CLONE / "teams/templates/account/login.html"
    template.write_text(re.sub(r"({% block content %})", r"\1<!-- changed -->", template.read_text()))
    need(soon(30, lambda: "<!-- changed -->" in get(f"{SITE}/accounts/login/")), "and when a template changes")


def restarted() -> None:
    well = ("docker", "ps", "-q", "--filter", "health=healthy", "--filter", "name=^esa-(worker|beat)-1$")
    need(soon(60, lambda: len(run(*well).split()) == 2), "both are well again")


def anew() -> None:
    need("ok" in get(f"{SITE}/healthz"), "the site is back")
    said = run("docker", "compose", "logs", "--no-log-prefix", "migrate")
    need("nothing is seeded" in said, "the team was kept")


def gone() -> None:
    need(
        not run("docker", "ps", "-aq") and not run("docker", "volume", "ls", "-q"), "no container and no volume is left"
    )


def settings() -> None:
    need((CLONE / ".env").stat().st_mode & 0o777 == 0o600, "nobody else reads .env")


def production() -> None:
    need(soon(60, lambda: json.loads(get(f"{SITE}/readyz"))["ready"]), "web is ready")
    with browser("production") as page:
        page.goto(SITE)
        sign_up(page)
        page.goto(f"{SITE}/teams/new")
        page.locator("input[name=name]").fill("docs")
        page.locator("input[name=name]").press("Enter")
        page.wait_for_url(f"{TEAM}/**")
        write(page, TEAM, "dev/From production")
    told("docker", "exec", "-i", "esa-web")
    well = ("docker", "ps", "-q", "--filter", "health=healthy", "--filter", "name=^esa-(web|worker|beat)$")
    need(soon(60, lambda: len(run(*well).split()) == 3), "web, worker and beat are healthy")


def examined() -> None:
    said = (FOLDER / "log").read_text().rpartition("manage doctor")[2]
    need("FAIL" not in said and "no worker answers" not in said, "nothing fails, and a worker answers")


def backed_up() -> None:
    files = run("docker", "exec", "esa-worker", "find", "/app/.data/backups", "-type", "f")
    need("/backup.json" in files and "/database.dump" in files, "the backup lies in the volume")


def ended() -> None:
    need(not run("docker", "ps", "-aq", "--filter", "name=^esa-(web|worker|beat)$"), "all three have ended")


LOOKS: dict[str, Callable[[], Any]] = {
    "docker build -t": built,
    "docker compose up": demo,
    "docker compose restart": restarted,
    "docker compose build": anew,
    "docker compose down": gone,
    "docker network create": settings,
    "docker run --rm --network esa --env-file .env esa:dev migrate": production,
    "docker exec": examined,
    "docker run --rm --network esa --env-file .env -v": backed_up,
    "docker stop": ended,
}


def blocks() -> list[str]:
    section = (CLONE / "README.md").read_text(encoding="utf-8").partition("\n## Containers\n")[2].partition("\n## ")[0]
    return re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def follow(block: str) -> None:
    script = FOLDER / "block"
    script.write_text(block)
    with subprocess.Popen(
        ["bash", "-e", "-v", script], cwd=CLONE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    ) as process:  # fmt: skip
        for line in process.stdout or ():
            say(line.rstrip().replace("\x1b[2K", ""))  # compose wipes a line of its screen
    need(process.returncode == 0, f"the last command ended with {process.returncode}")


def main() -> None:
    left = dict(LOOKS)
    for block in blocks():
        say("")
        follow(block)
        if look := next((each for each in left if block.startswith(each)), ""):
            left.pop(look)()
        else:
            sys.exit("nothing is known that could be looked at after this block")
    if left:
        sys.exit(f"README has no block any more that begins with {', '.join(left)}")


if __name__ == "__main__":
    main()
