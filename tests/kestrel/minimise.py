"""A smaller case that still shows the same disagreement."""

from cases import Case

MOST_TRIES = 300


def minimise(case, still_wrong):
    tries = 0
    shrunk = True
    while shrunk:
        shrunk = False
        for candidate in smaller(case):
            tries += 1
            if tries > MOST_TRIES:
                return case
            if still_wrong(candidate):
                case, shrunk = candidate, True
                break
    return case


def smaller(case):
    """Without a variable, without an argument or two, with a shorter value."""
    for at in range(len(case.env)):
        yield Case(case.env[:at] + case.env[at + 1:], case.args)
    for width in (2, 1):
        for at in range(len(case.args) - width + 1):
            yield Case(case.env, case.args[:at] + case.args[at + width:])
    for at, entry in enumerate(case.env):
        name, value = entry.split("=", 1)
        for shorter in shorter_texts(value):
            yield Case(case.env[:at] + [f"{name}={shorter}"] + case.env[at + 1:], case.args)
    for at, argument in enumerate(case.args):
        for shorter in shorter_texts(argument):
            yield Case(case.env, case.args[:at] + [shorter] + case.args[at + 1:])


def shorter_texts(text):
    pieces = text.split(";")
    if len(pieces) > 1:
        for at in range(len(pieces)):
            yield ";".join(pieces[:at] + pieces[at + 1:])
    for at in range(len(text)):
        yield text[:at] + text[at + 1:]
