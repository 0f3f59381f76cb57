"""Kubernetes' Pod Security Standards, as far as the manifests of the examples have to do with them.

As its documentation has them; a pod's spec goes in, the names of the controls that refuse it come out.
"""

ADDABLE = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
SECCOMP = {"RuntimeDefault", "Localhost"}
VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim"),
    *("projected", "secret"),
}


def containers(spec):
    return [*spec.get("initContainers", ()), *spec["containers"]]


def contexts(spec):
    """Each container's securityContext, over the pod's."""
    pod = spec.get("securityContext", {})
    return [{**pod, **container.get("securityContext", {})} for container in containers(spec)]


def refused_by_baseline(spec):
    found = set()
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            found.add("host namespaces")
    if any("hostPath" in volume for volume in spec.get("volumes", ())):
        found.add("hostPath volumes")
    for container, context in zip(containers(spec), contexts(spec)):
        if context.get("privileged"):
            found.add("privileged")
        if set(context.get("capabilities", {}).get("add", ())) - ADDABLE:
            found.add("capabilities")
        if any("hostPort" in port for port in container.get("ports", ())):
            found.add("hostPort")
        if context.get("seccompProfile", {}).get("type") == "Unconfined":
            found.add("seccomp")
    return found


def refused_by_restricted(spec):
    found = refused_by_baseline(spec)
    if any(not set(volume) - {"name"} <= VOLUMES for volume in spec.get("volumes", ())):
        found.add("volume types")
    for context in contexts(spec):
        capabilities = context.get("capabilities", {})
        if context.get("allowPrivilegeEscalation") is not False:
            found.add("allowPrivilegeEscalation")
        if context.get("runAsNonRoot") is not True:
            found.add("runAsNonRoot")
        if context.get("runAsUser") == 0:
            found.add("runAsUser")
        if context.get("seccompProfile", {}).get("type") not in SECCOMP:
            found.add("seccomp")
        if "ALL" not in capabilities.get("drop", ()):
            found.add("capabilities")
        if set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
            found.add("capabilities")
    return found
