"""The apps: the SDK's templates, published in all the ways there are, and programs of others.

Nothing of them is ours but the command that makes them. What cannot be had says why.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "apps"
AZMCP = "@azure/mcp-linux-x64@2.0.5"
ASPIRE = "13.6.5"


class CannotBeHad(Exception):
    """Why an app is not to be had here."""


@dataclass
class App:
    name: str
    make: object  # called with the app's folder; returns the program
    args: list = field(default_factory=list)
    env: dict = field(default_factory=dict)
    ready: str = "Application started"  # what it prints once it serves
    exit_code: str = "0"  # its own, after SIGTERM
    ports: tuple = (8080, 80)  # each tried as ASPNETCORE_HTTP_PORTS; empty: as its own env says


def run(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        faults = [line for line in done.stdout.splitlines() if "error" in line.lower()] or done.stdout.splitlines()
        raise CannotBeHad(faults[0].strip() if faults else f"{command[0]} ended with {done.returncode}")


def template(name, *properties, publish=()):
    """A template as `dotnet new` makes it, published with these properties."""

    def make(folder):
        source, out = folder / "source", folder / "out"
        if not source.exists():
            run("dotnet", "new", name, "-o", source, "-n", "app", "--no-restore", *properties)
        run("dotnet", "publish", source, "-o", out, "--nologo", "-v", "quiet", "-nodeReuse:false", *publish)
        return out / "app"

    return make


def aspire(folder):
    run("dotnet", "restore", HERE / "packages.csproj", f"-p:BaseIntermediateOutputPath={folder}/obj/",
        "--packages", folder / "packages", "--nologo", "-v", "quiet")
    out = folder / "out"
    shutil.copytree(folder / "packages" / "aspire.dashboard.sdk.linux-x64" / ASPIRE / "tools", out, dirs_exist_ok=True)
    # The package's files are for their owner alone; an image would put that right, too.
    run("chmod", "-R", "a+rX", out)
    return out / "Aspire.Dashboard"


def azmcp(folder):
    run("npm", "pack", AZMCP, "--silent", cwd=folder)
    (archive,) = folder.glob("*.tgz")
    run("tar", "-xzf", archive, "--no-same-owner", cwd=folder)
    return folder / "package" / "dist" / "azmcp"


RID = ("-r", "linux-x64")
DASHBOARD = {
    "ASPNETCORE_URLS": "http://0.0.0.0:18888",
    "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL": "http://0.0.0.0:18889",
    "ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS": "true",
}
MCP = ["server", "start", "--transport", "http", "--dangerously-disable-http-incoming-auth"]

APPS = [
    App("webapi", template("webapi")),
    App("mvc", template("mvc")),
    App("webapp", template("webapp")),
    App("blazor", template("blazor")),
    App("grpc", template("grpc")),
    App("worker", template("worker")),
    App("aspire-dashboard", aspire, env=DASHBOARD, ready="Now listening on: http://0.0.0.0:18888", ports=()),
    App("azmcp", azmcp, MCP, exit_code="1"),
    App("native-aot", template("webapiaot", publish=RID)),
    App("single-file", template("mvc", publish=(*RID, "--self-contained", "-p:PublishSingleFile=true"))),
    App("single-file-extracted", template("web", publish=(
        *RID, "--self-contained", "-p:PublishSingleFile=true", "-p:IncludeAllContentForSelfExtract=true"))),
    App("trimmed", template("web", publish=(*RID, "--self-contained", "-p:PublishTrimmed=true"))),
    App("ready-to-run", template("web", publish=(*RID, "--self-contained", "-p:PublishReadyToRun=true"))),
]


def build(app):
    """The program of an app, made if need be."""
    folder = BUILD / app.name
    marker = folder / "program"
    if marker.exists():
        return Path(marker.read_text())
    if not shutil.which("dotnet"):
        raise CannotBeHad("no dotnet on this machine")
    if os.uname().machine != "x86_64":
        raise CannotBeHad("the apps are for x86_64")
    folder.mkdir(parents=True, exist_ok=True)
    program = app.make(folder)
    marker.write_text(str(program))
    return program
