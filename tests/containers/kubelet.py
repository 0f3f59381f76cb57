"""The manifests of examples/kubernetes, run by `podman kube play` as a kubelet would run them."""

import copy
import re
import socket

import yaml
from engine import REPO, Container, must, run

MANIFESTS = REPO / "examples/kubernetes"
SHIM_VERSION = re.search(r"^VERSION := (\S+)$", (REPO / "Makefile").read_text(), re.M)[1]
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read(manifest):
    return yaml.safe_load((MANIFESTS / manifest).read_text())


def pod_spec(document):
    """A pod's, or that of the pods that a Deployment makes."""
    return document["spec"].get("template", document)["spec"]


class Pod(Container):
    """A manifest's pod, and the one container in it that goes on; for use in `with`.

    manifest: its name, or what is in it. images: what its names for them stand for. change: alters
    the spec before the start.
    """

    def __init__(self, engine, manifest, folder, images, change=None):
        document = read(manifest) if isinstance(manifest, str) else manifest
        self.document = copy.deepcopy(document)
        spec = pod_spec(self.document)
        [app] = spec["containers"]
        super().__init__(engine, None, app["ports"][0]["containerPort"])
        self.document["metadata"]["name"] = engine.new_name()
        self._address = f"127.0.0.1:{free_port()}"
        self.folder = folder
        self.termination_log = folder / "termination-log"
        for container in [*spec.get("initContainers", ()), app]:
            container["image"] = images[container["image"]]
        if change:
            change(spec, app)
        self._stand_in_for_kubelet(spec, app, folder)

    def _stand_in_for_kubelet(self, spec, app, folder):
        for volume in spec.setdefault("volumes", []):
            if volume.pop("emptyDir", None) is not None:
                place = folder / volume["name"]
                place.mkdir()
                place.chmod(0o777)  # an emptyDir is everybody's; podman's own is root's
                volume["hostPath"] = {"path": str(place), "type": "Directory"}
        self.termination_log.touch()
        log = {"path": str(self.termination_log), "type": "File"}
        spec["volumes"].append({"name": "log", "hostPath": log})
        app.setdefault("volumeMounts", []).append(
            {"name": "log", "mountPath": "/dev/termination-log"}
        )
        app["ports"][0]["hostPort"] = int(self._address.split(":")[1])
        # The probes are made by us: podman would run them in the container, with curl.
        self.probes = {name: app.pop(name) for name in PROBES if name in app}
        self.pre_stop = app.pop("lifecycle", {}).get("preStop")
        # What kubelet makes of it: one more group of the container's. podman passes over it.
        group = spec.get("securityContext", {}).get("fsGroup")
        if group:
            spec["securityContext"].setdefault("supplementalGroups", []).append(group)
        self.document["spec"].pop("replicas", None)
        # To podman 4.3 the policy is for init containers too: Always would never end.
        spec.setdefault("restartPolicy", "Never")

    def __enter__(self):
        text = yaml.safe_dump(self.document)
        played = must(
            *(self.engine.command, "kube", "play", "--network=slirp4netns", "-"), input=text
        )
        words = played.split()  # Pod: ID Container: ID
        self.pod, self.name = words[1], words[-1]
        return self

    def __exit__(self, *_):
        run(self.engine.command, "pod", "kill", self.pod)
        must(self.engine.command, "pod", "rm", "-f", self.pod)

    def read(self, path):
        """To podman, a container in a pod has no neighbours but those in the pod."""
        return must(self.engine.command, "exec", self.name, "cat", path)

    def probe(self, name):
        """What a probe of the manifest's gets: over the network, as kubelet asks."""
        return self.get(self.probes[name]["httpGet"]["path"])
