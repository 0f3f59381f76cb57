"""examples/kubernetes, as a cluster would look at it before anything is started."""

import json
import re
import shutil

import pytest
import yaml
from admission import containers, refused_by_baseline, refused_by_restricted
from engine import BUILD, REPO, must, run
from kubelet import MANIFESTS, PROBES, SHIM_VERSION, pod_spec, read

PAGE = (MANIFESTS / "README.md").read_text()
PODS = [path.name for path in sorted(MANIFESTS.glob("*.yaml"))]
WHOLE = [name for name in PODS if name != "pod.yaml"]  # that one is the least that works
VERSIONS = {"kubernetes-models": "4.5.1", "@kubernetes-models/prometheus-operator": "6.0.0",
            "typescript": "5.9.3"}
# Each kind's model, and the type that knows which fields there are.
MODELS = {
    "Pod": "kubernetes-models/v1",
    "Deployment": "kubernetes-models/apps/v1",
    "PrometheusRule": "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1",
}


@pytest.fixture(scope="session")
def models():
    """Kubernetes' OpenAPI schema, as npm has it. Kept: the next run needs no registry."""
    folder = BUILD / "npm"
    wanted = json.dumps({"private": True, "dependencies": VERSIONS})
    if not shutil.which("npm"):
        pytest.skip("no npm")
    if not (folder / "done").exists() or (folder / "done").read_text() != wanted:
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text(wanted)
        done = run("npm", "install", "--no-audit", "--no-fund", "--prefix", folder)
        if done.exit_code != 0:
            pytest.skip(f"npm cannot be reached: {done.stderr.strip()[:200]}")
        (folder / "done").write_text(wanted)
    return folder


@pytest.fixture
def validate(models, tmp_path):
    """What is wrong with these documents: by the schema's rules, and by what it does not know.

    The models' own validators know types, required fields and quantities, and the compiler knows
    each field's name.
    """
    (tmp_path / "node_modules").symlink_to(models / "node_modules")

    def validate(*documents):
        imports, types, checks = [], [], []
        for number, document in enumerate(documents):
            kind, text = document["kind"], json.dumps(document)
            imports.append(f'import {{ {kind} as M{number} }} from "{MODELS[document["kind"]]}";')
            types.append(f'import {{ I{kind} as T{number} }} from "{MODELS[kind]}";')
            types.append(f"export const x{number}: T{number} = {text};")
            checks.append(f"new M{number}({text}).validate();")
        (tmp_path / "check.ts").write_text("\n".join(types))
        (tmp_path / "check.mjs").write_text("\n".join([*imports, *checks]))
        tsc = models / "node_modules/typescript/bin/tsc"
        compiler = ("--noEmit", "--strict", "--skipLibCheck", "--target", "es2022")
        typed = run("node", tsc, *compiler, "--module", "nodenext", tmp_path / "check.ts")
        valid = run("node", tmp_path / "check.mjs")
        faults = typed.stdout if typed.exit_code else ""
        return faults + (valid.stderr if valid.exit_code else "")

    return validate


@pytest.fixture(scope="session")
def render():
    """What `kubectl apply -k` would apply, by Debian 13's kubectl."""
    made = run(REPO / "deps/kubectl", BUILD / "kubectl")
    if made.exit_code != 0:
        pytest.skip(f"no kubectl: {made.stderr.strip()[-200:]}")

    def render(folder):
        text = must(BUILD / "kubectl/kubectl", "kustomize", folder)
        return list(yaml.safe_load_all(text))

    return render


def test_the_schema_knows_them(validate, render):
    [rendered] = render(MANIFESTS / "kustomize/aspnetapp")
    alert = read("policies/alert.yaml")
    plain = yaml.safe_load((MANIFESTS / "kustomize/aspnetapp/deployment.yaml").read_text())
    assert validate(*map(read, PODS), rendered, plain, alert) == ""


@pytest.mark.parametrize(
    "path, value, complaint",
    [
        (("imagee",), "x", '"imagee".* does not exist'),
        (("ports", 0, "containerPort"), "8080", "not assignable to type 'number'"),
        (("name",), None, "must have required property 'name'|is missing"),
        (("resources", "limits", "memory"), "256 MB", 'must match format "quantity"'),
        (("securityContext", "readonlyRootFilesystem"), True, '"readonlyRootFilesystem".* does not exist'),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_and_a_mistake_is_told(validate, path, value, complaint):
    document = read("deployment.yaml")
    *way, last = path
    place = pod_spec(document)["containers"][0]
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    assert re.search(complaint, validate(document))


@pytest.mark.parametrize("manifest", PODS)
def test_which_standard_admits_it(manifest):
    """The page says: baseline takes all, restricted what names its user."""
    spec = pod_spec(read(manifest))
    assert refused_by_baseline(spec) == set()
    refused = refused_by_restricted(spec)
    if manifest == "restricted.yaml":
        assert refused == set()
    elif manifest == "pod.yaml":
        assert refused == {
            "runAsNonRoot", "capabilities", "allowPrivilegeEscalation", "seccomp"
        }
    else:
        assert refused == {"runAsNonRoot", "capabilities"}


@pytest.mark.parametrize("manifest", WHOLE)
def test_nothing_is_missing_that_an_operator_would_ask_for(manifest):
    spec = pod_spec(read(manifest))
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(spec):
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
        assert {"cpu", "memory"} == set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
        assert context["capabilities"]["drop"] == ["ALL"]
        assert "runAsUser" not in context
        assert container["image"].startswith("registry.example.com/")
    assert {"readinessProbe", "livenessProbe"} <= set(PROBES) & set(spec["containers"][0])


def test_the_images_are_those_that_the_page_builds_and_pushes():
    built = set(re.findall(r" -t (registry\S+)", PAGE))
    assert built == set(re.findall(r"^    docker push (\S+)$", PAGE, re.M))
    used = {container["image"] for name in PODS for container in containers(pod_spec(read(name)))}
    assert used == built | {"registry.example.com/unmodified:1.0"}
    for path in re.findall(r"(?:-f|:[0-9.]+) ((?:examples/|Dockerfile)\S*)", PAGE):
        assert (REPO / path).exists(), path


def test_the_shims_image_is_tagged_with_its_version():
    tags = [re.findall(r"registry\.example\.com/shim:(\S+)", path.read_text())
            for path in MANIFESTS.rglob("*") if path.is_file()]
    assert {tag for found in tags for tag in found} == {SHIM_VERSION}


def test_the_component_does_what_inject_yaml_does(render):
    [rendered] = render(MANIFESTS / "kustomize/aspnetapp")
    spec, inject = pod_spec(rendered), pod_spec(read("inject.yaml"))
    assert spec["initContainers"] == inject["initContainers"]
    assert sorted(spec["volumes"], key=str) == sorted(inject["volumes"], key=str)
    [container], [by_hand] = spec["containers"], inject["containers"]
    assert sorted(container.pop("volumeMounts"), key=str) == sorted(
        by_hand.pop("volumeMounts"), key=str
    )
    del by_hand["livenessProbe"]
    assert container == by_hand


def test_without_the_component_it_is_the_deployment_as_it_was(render, tmp_path):
    """Rollback: nothing of the shim is left."""
    shutil.copytree(MANIFESTS / "kustomize", tmp_path / "kustomize")
    folder = tmp_path / "kustomize/aspnetapp"
    file = folder / "kustomization.yaml"
    kept = {"apiVersion", "kind", "resources"}
    document = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({name: document[name] for name in kept}))
    assert render(folder) == [yaml.safe_load((folder / "deployment.yaml").read_text())]


def test_the_component_takes_every_deployment(render, tmp_path):
    """A second one, with an init container and a volume of its own, keeps them."""
    shutil.copytree(MANIFESTS / "kustomize", tmp_path / "kustomize")
    folder = tmp_path / "kustomize/aspnetapp"
    other = yaml.safe_load((folder / "deployment.yaml").read_text())
    other["metadata"]["name"] = "other"
    pod_spec(other)["initContainers"] = [{"name": "migrate", "image": "migrate:1.0"}]
    (folder / "other.yaml").write_text(yaml.safe_dump(other))
    document = yaml.safe_load((folder / "kustomization.yaml").read_text())
    document["resources"].append("other.yaml")
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(document))
    found = {one["metadata"]["name"]: pod_spec(one) for one in render(folder)}
    assert {one["name"] for one in found["other"]["initContainers"]} == {"shim", "migrate"}
    assert {one["name"] for one in found["other"]["volumes"]} == {"shim", "tmp"}
    assert "command" not in found["other"]["containers"][0]


def test_the_exceptions_are_for_this_app_alone():
    documents = [
        document
        for name in ("kyverno", "gatekeeper")
        for document in yaml.safe_load_all((MANIFESTS / f"policies/{name}.yaml").read_text())
    ]
    image = pod_spec(read("deployment.yaml"))["containers"][0]["image"]
    for document in documents:
        if document["kind"] == "PolicyException":
            [match] = document["spec"]["match"]["any"]
            assert match["resources"]["namespaces"] == [document["metadata"]["namespace"]]
            policies = {one["policyName"] for one in document["spec"]["exceptions"]}
            assert policies == {"require-run-as-nonroot", "disallow-capabilities-strict"}
        else:
            [exempt] = document["spec"]["parameters"]["exemptImages"]
            assert exempt == image.split(":")[0] + ":*"


def test_the_pages_links_lead_somewhere():
    for folder in (MANIFESTS, MANIFESTS.parent):
        for page in folder.glob("*.md"):
            for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
                assert link.startswith("http") or (page.parent / link).exists(), (page, link)
